# shellcheck shell=bash
# ./dev bench

cmd_bench() {
  case ${1:-} in
    --quick) shift && bench_quick "$@" ;;
    --tls) shift && bench_tls "$@" ;;
    --policies) shift && bench_policies "$@" ;;
    --telemetry) shift && bench_telemetry "$@" ;;
    --micro) shift && bench_micro "$@" ;;
    *) fail "bench wants --quick, --tls, --policies, --telemetry or --micro; see ./dev help bench" ;;
  esac
}

bench_quick() {
  build_release
  need bench
  exec bench/quick.sh "$@"
}

bench_tls() {
  build_release
  need bench
  exec bench/tls.sh "$@"
}

bench_policies() {
  build_release
  need bench
  exec bench/policies.sh "$@"
}

# Both sides in one process, taking turns, because the machine is not always equally fast.
bench_telemetry() {
  local bench
  local -a benches results=()
  need build micro
  need_node
  build_preset bench bench/all || exit 1
  mapfile -t benches < <(find build/bench/bench -maxdepth 1 -type f -name '*_rival_bench' -perm -u+x | sort)
  for bench in "${benches[@]}"; do
    say "${bench##*/}"
    results+=("$bench.json")
    "$bench" --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true --benchmark_min_time=0.2 \
      --benchmark_out="$bench.json" --benchmark_out_format=json "$@" >"$bench.log" 2>&1 || fail "see $bench.log"
  done
  # shellcheck disable=SC2154  # need_node sets it
  "$node" bench/rivals.mjs "${results[@]}" || fail "what is promised of telemetry does not hold"
}

bench_micro() {
  local -a benches
  local bench
  need build micro
  build_preset bench all || exit 1
  mapfile -t benches < <(find build/bench -type f -name '*_bench' -perm -u+x | sort)
  [[ ${#benches[@]} -gt 0 ]] || fail "no micro benchmarks were built"
  for bench in "${benches[@]}"; do
    say "${bench##*/}"
    "$bench" "$@"
  done
}

help_bench() {
  cat <<'TEXT'
./dev bench --quick | --tls | --policies | --telemetry | --micro [OPTION...]
  --quick measures the gateway beside HAProxy in front of the same simulated provider: one worker each, pinned,
  alternating rounds, CPU time per request and per stream event with medians and ratios, in two minutes; its options
  (--rounds N, --together, --syscalls and others) are in `bench/quick.sh --help`. --tls measures the
  gateway beside itself, with and without TLS to the provider, and fails where an event costs more than 1.3 times as
  much with it. --policies does so with a hundred tool policies that cannot block, and without. --telemetry measures what encodes
  spans beside the classes that protoc generates, and the page of metrics beside prometheus-cpp, and fails where ours is
  not as much faster as is promised. --micro runs the Google Benchmark binaries. Options after these two are Google
  Benchmark's (--benchmark_filter=TEXT).
TEXT
}

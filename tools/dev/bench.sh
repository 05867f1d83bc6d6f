# shellcheck shell=bash
# ./dev bench

cmd_bench() {
  case ${1:-} in
    --quick) shift && bench_quick "$@" ;;
    --tls) shift && bench_tls "$@" ;;
    --policies) shift && bench_policies "$@" ;;
    --micro) shift && bench_micro "$@" ;;
    *) fail "bench wants --quick, --tls, --policies or --micro; see ./dev help bench" ;;
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
./dev bench --quick | --tls | --policies | --micro [OPTION...]
  --quick measures the gateway beside HAProxy in front of the same simulated provider: one worker each, pinned,
  alternating rounds, CPU time per request and per stream event with medians and ratios, in two minutes; its options
  (--rounds N, --together, --syscalls and others) are in `bench/quick.sh --help`. --tls measures the
  gateway beside itself, with and without TLS to the provider, and fails where an event costs more than 1.3 times as
  much with it. --policies does so with a hundred tool policies that cannot block, and without. --micro runs the Google
  Benchmark binaries; options after it are theirs (--benchmark_filter=TEXT).
TEXT
}

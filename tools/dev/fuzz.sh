# shellcheck shell=bash
# ./dev fuzz

cmd_fuzz() {
  local seconds=60
  local -a names=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --seconds) seconds=$(option_number "$@") && shift ;;
      -*) fail "fuzz does not know '$1'; see ./dev help fuzz" ;;
      *) [[ -e fuzz/$1_fuzz.cc ]] || fail "there is no fuzzer '$1'; see fuzz/" && names+=("$1") ;;
    esac
    shift
  done
  build_fuzzers
  fuzz_all "$seconds" "${names[@]}"
}

# The fuzzers, and the seeds that the tables of hostile messages are.
build_fuzzers() {
  need build fuzz
  need_node
  build_preset fuzz all || exit 1
  "$node" fuzz/hostile_seeds.mjs build/fuzz/seeds || fail "the tables of hostile messages gave no seeds"
  export ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-19/bin/llvm-symbolizer
}

# fuzz_all SECONDS [NAME...]: without names all of them.
fuzz_all() {
  local seconds=$1
  local -a fuzzers
  mapfile -t fuzzers < <(find build/fuzz/fuzz -maxdepth 1 -type f -perm -u+x 2>/dev/null | sort)
  [[ ${#fuzzers[@]} -gt 0 ]] || fail "no fuzzers were built"
  shift
  if [[ $# -gt 0 ]]; then
    fuzzers=("${@/#/build/fuzz/fuzz/}")
    fuzzers=("${fuzzers[@]/%/_fuzz}")
  fi
  local fuzzer findings=0
  printf '%-28s %12s %10s  %s\n' fuzzer runs 'runs/s' result
  for fuzzer in "${fuzzers[@]}"; do fuzz_one "$fuzzer" "$seconds" || findings=$((findings + 1)); done
  [[ $findings -eq 0 ]] || fail "$findings of ${#fuzzers[@]} fuzzers found something"
}

# The seeds are read where they are; what the fuzzer adds goes to build/fuzz/corpus.
fuzz_one() {
  local fuzzer=$1 seconds=$2 name=${1##*/} status=0
  local corpus=build/fuzz/corpus/$name found=build/fuzz/found/$name log=build/fuzz/$name.log
  local seed
  local -a seeds=() options=(-max_total_time="$seconds" -print_final_stats=1 -timeout=10 -rss_limit_mb=4096)
  mkdir -p "$corpus" "$found"
  for seed in fuzz/corpus build/fuzz/seeds; do
    [[ ! -d $seed/${name%_fuzz} ]] || seeds+=("$seed/${name%_fuzz}")
  done
  [[ ! -e fuzz/${name%_fuzz}.dict ]] || options+=(-dict="fuzz/${name%_fuzz}.dict")
  "$fuzzer" "${options[@]}" -artifact_prefix="$found/" "$corpus" "${seeds[@]}" >"$log" 2>&1 || status=$?
  printf '%-28s %12s %10s  %s\n' "$name" "$(fuzz_figure number_of_executed_units "$log")" \
    "$(fuzz_figure average_exec_per_sec "$log")" "$([[ $status -eq 0 ]] && echo ok || echo "FOUND, see $log")"
  [[ $status -eq 0 ]] || show_failure "$log"
  return "$status"
}

fuzz_figure() { sed -n "s/^stat::$1: *//p" "$2"; }

help_fuzz() {
  cat <<'TEXT'
./dev fuzz [--seconds N] [NAME...]
  Builds the fuzzers of fuzz/ with AddressSanitizer and UBSan and runs each, or those that are named (policy, sse...),
  for N seconds (default 60), one after the other. Prints a table of runs, speed and result. Inputs that broke something are left in build/fuzz/found/; the
  seeds in fuzz/corpus/ are never written to. Heads and chunks also start from the tables of hostile messages in
  tests/support/.
TEXT
}

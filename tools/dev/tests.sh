# shellcheck shell=bash
# ./dev test: every check a change needs. All parts run even when one fails; the last line is the sum.

unit_seconds_max=600  # for one test binary
e2e_seconds_max=900   # for one run of the end-to-end tests
e2e_test_ms_max=120000
e2e_files_at_once=$((jobs + 1))  # they wait for time-outs and children more than they compute

passed=0 failed=0 skipped=0
failures=()

cmd_test() {
  local -a parts=()
  filter=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      rules | ui | unit | headers | e2e | tsan) parts+=("$1") ;;
      --filter) filter=$(option_value "$@") && shift ;;
      *) fail "test does not know '$1'; see ./dev help test" ;;
    esac
    shift
  done
  [[ ${#parts[@]} -gt 0 ]] || parts=(rules ui unit headers e2e tsan)
  prepare_tests "${parts[@]}"
  local part
  for part in "${parts[@]}"; do "test_$part"; done
  sum_up
}

prepare_tests() {
  local symbolizer=/usr/lib/llvm-19/bin/llvm-symbolizer
  [[ "$*" == rules ]] || need build test
  [[ "$*" == rules ]] || need_ui
  if [[ " $* " == *" e2e "* || " $* " == *" tsan "* ]]; then
    need_node
    need_npm_packages tests/e2e
    need_prometheus
    need_openmetrics_parser
    need_tinyproxy
  fi
  export ASAN_SYMBOLIZER_PATH=$symbolizer TSAN_SYMBOLIZER_PATH=$symbolizer UBSAN_OPTIONS=print_stacktrace=1
  if [[ -n ${ARCHESTRA_RECORDINGS:-} ]]; then
    say "recordings: $ARCHESTRA_RECORDINGS"
  elif [[ -d ../shared/recordings ]]; then
    ARCHESTRA_RECORDINGS=$(cd ../shared/recordings && pwd)
    export ARCHESTRA_RECORDINGS
  else
    say "recordings not found: replay tests are skipped"
  fi
}

test_rules() {
  check "include rules" tools/check_includes.sh
  check "include rules find planted violations" tools/check_includes.sh --self-test
  check "the documents name what is in the code" tools/check_docs.sh
  check "a planted mistake in a document is found" tools/check_docs.sh --self-test
}

test_ui() {
  check "the web UI's types" npm run --prefix ui check
  check "the web UI's unit tests" npm test --prefix ui
}

test_unit() { unit_tests asan; }

test_headers() {
  configure_preset asan || { record_failure "configuring asan"; return; }
  check "each header compiles on its own, and each fuzzer" cmake --build --preset asan -j "$jobs" --target header_check
}

# These tests wait more than they compute: what the next part needs is built meanwhile, where nobody else wants the
# processor. What goes wrong there is told by that part, which builds what is missing.
test_e2e() {
  local ahead=''
  if [[ " ${parts[*]} " == *" tsan "* ]]; then
    build_ahead tsan & ahead=$!
    trap 'kill "$ahead" 2>/dev/null' EXIT
  fi
  e2e_tests asan
  [[ -z $ahead ]] || wait "$ahead" || true
  trap - EXIT
}

build_ahead() {
  local -a threaded
  mapfile -t threaded < <(threaded_tests)
  configure_preset "$1" >/dev/null 2>&1 || return
  exec nice -n 19 ninja -C "build/$1" -j "$jobs" archestra archestra-traffic "${threaded[@]}" >"build/$1/ahead.log" 2>&1
}

test_tsan() {
  local -a threaded
  mapfile -t threaded < <(threaded_tests)
  unit_tests tsan "${threaded[@]}"
  e2e_tests tsan
}

# check NAME COMMAND...: one thing that holds or does not.
check() {
  local name=$1 log=build/test/check.log
  shift
  mkdir -p build/test
  if "$@" >"$log" 2>&1; then
    printf '  ok    %s\n' "$name"
    passed=$((passed + 1))
  else
    show_failure "$log"
    record_failure "$name"
  fi
}

record_failure() {
  printf '  FAIL  %s\n' "$1"
  failures+=("$1")
  failed=$((failed + 1))
}

# The binaries of the tests CMake knows, so that a stale one in the build folder never counts.
test_binaries() {
  ctest --test-dir "build/$1" --show-only=json-v1 | sed -n '/"command"/,/]/s/^ *"\(\/[^"]*\)",\{0,1\}$/\1/p'
}

# The unit tests that start threads; to the others ThreadSanitizer has nothing to say.
threaded_tests() {
  grep -rlE 'std::j?thread' --include='*_test.cc' src tools | sed -E 's#^(src|tools)/([^/]*)/.*#\2_test#' | sort -u
}

# unit_tests PRESET [TEST...]: all of them, or those named.
unit_tests() {
  local preset=$1 binary
  local -a binaries
  shift
  build_preset "$preset" "${@:-all}" || { record_failure "building $preset"; return; }
  say "unit tests, $preset"
  mapfile -t binaries < <(test_binaries "$preset" | grep -E "/($(IFS='|' && printf '%s' "${*:-.*}"))$")
  [[ ${#binaries[@]} -gt 0 ]] || record_failure "unit tests, $preset: none found"
  for binary in "${binaries[@]}"; do
    [[ $(jobs -rp | wc -l) -lt $jobs ]] || wait -n || true
    run_unit_test "$preset" "$binary" &
  done
  wait
  for binary in "${binaries[@]}"; do count_unit_test "$preset" "${binary##*/}"; done
}

# Leaves NAME.json, where the test came to its end, NAME.log and NAME.status, the exit status.
run_unit_test() {
  local binary=$2 base=build/test/$1-${2##*/} status=0
  mkdir -p build/test
  rm -f "$base".*
  timeout "$unit_seconds_max" "$binary" --gtest_brief=1 --gtest_output="json:$base.json" \
    ${filter:+--gtest_filter="*$filter*"} </dev/null >"$base.log" 2>&1 || status=$?
  echo "$status" >"$base.status"
}

count_unit_test() {
  local name="$1 $2" json=build/test/$1-$2.json log=build/test/$1-$2.log status ran failing skips seconds
  status=$(<"build/test/$1-$2.status")
  if [[ ! -s $json ]]; then  # a crash, a sanitizer's finding or the time limit: no counts then
    show_failure "$log"
    record_failure "$name (status $status)"
    return
  fi
  ran=$(sed -n 's/^ *"tests": \([0-9]*\),/\1/p;' "$json" | head -n 1)
  failing=$(sed -n 's/^ *"failures": \([0-9]*\),/\1/p;' "$json" | head -n 1)
  seconds=$(sed -n 's/^ *"time": "\([0-9]*\).*s",/\1/p;' "$json" | head -n 1)
  skips=$(grep -c '"result": "SKIPPED"' "$json" || true)
  if [[ $status -ne 0 && $failing -eq 0 ]]; then failing=1 ran=$((ran > 0 ? ran : 1)); fi  # a leak, found at exit
  passed=$((passed + ran - failing - skips)) failed=$((failed + failing)) skipped=$((skipped + skips))
  if [[ $failing -eq 0 ]]; then
    printf '  ok    %-28s %4d cases, %d s\n' "$name" "$ran" "$seconds"
  else
    show_failure "$log"
    printf '  FAIL  %-28s %4d of %d cases\n' "$name" "$failing" "$ran"
    failures+=("$name")
  fi
}

# The real binary under a sanitizer; what the sanitizer says of it goes to files, so that no report can get lost.
e2e_tests() {
  local preset=$1 tap=build/test/e2e-$1.tap reports=$PWD/build/test/reports-$1
  local -a files
  mapfile -t files < <(e2e_files "$preset")
  [[ -e ${files[0]} ]] || { record_failure "e2e $preset: no tests in tests/e2e"; return; }
  build_preset "$preset" archestra archestra-traffic || { record_failure "building $preset"; return; }
  say "end-to-end tests, $preset"
  rm -rf "$reports" "$tap"
  mkdir -p "$reports"
  ARCHESTRA_BINARY=$PWD/build/$preset/archestra ASAN_OPTIONS=log_path=$reports/asan TSAN_OPTIONS=log_path=$reports/tsan \
    timeout "$e2e_seconds_max" "$node" --test --test-force-exit --test-timeout="$e2e_test_ms_max" \
    --test-concurrency="$e2e_files_at_once" \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$tap" \
    ${filter:+--test-name-pattern="$filter"} "${files[@]}" 2>&1 | sed '/^ℹ /d' || true
  count_e2e "e2e $preset" "$tap"
  check "e2e $preset: no sanitizer report" no_reports "$reports"
}

# Pages, dashboards, rules, what is made of bytes alone and what other programs make of it are the same whatever watches
# over the threads: they are tested once.
e2e_files() {
  local file
  for file in tests/e2e/*.test.mjs; do
    if [[ $1 == tsan ]]; then
      case ${file##*/} in
        ui_* | dashboards.* | deploy.* | openapi.* | cli.* | canary.* | *recordings*) continue ;;
        sdk_* | simulator_sdks.* | hostile_* | policy_* | passthrough.* | encodings.* | outcome_table.*) continue ;;
        content.* | exemplars.* | native_histograms.* | faults.* | kills.*) continue ;;
      esac
    fi
    printf '%s\n' "$file"
  done
}

count_e2e() {
  local name=$1 tap=$2 failing
  grep -q '^# pass ' "$tap" 2>/dev/null || { record_failure "$name: did not run to its end"; return; }
  failing=$(($(tap_count fail "$tap") + $(tap_count cancelled "$tap")))
  passed=$((passed + $(tap_count pass "$tap"))) failed=$((failed + failing))
  skipped=$((skipped + $(grep -c '# SKIP' "$tap" || true)))  # whole suites too, which node leaves out of its count
  [[ $failing -eq 0 ]] || failures+=("$name")
}

tap_count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$2" | tail -n 1; }

no_reports() {
  local -a reports
  mapfile -t reports < <(find "$1" -type f)
  [[ ${#reports[@]} -eq 0 ]] || { head -n 80 "${reports[@]}" && return 1; }
}

sum_up() {
  local name
  for name in "${failures[@]}"; do printf 'failed: %s\n' "$name"; done
  [[ $((passed + failed)) -gt 0 ]] || echo "nothing ran"
  printf '%d passed, %d failed' "$passed" "$failed"
  [[ $skipped -eq 0 ]] || printf ', %d skipped' "$skipped"
  printf '\n'
  [[ $failed -eq 0 && $passed -gt 0 ]]
}

help_test() {
  cat <<'TEXT'
./dev test [rules] [ui] [unit] [headers] [e2e] [tsan] [--filter TEXT]
  Runs everything a change needs, or only the parts named: the rules (who includes whom, names in the documents), the
  types and unit tests of the web UI, the unit tests under AddressSanitizer and UBSan, each header on its own and the
  fuzzers (compiled, not run), the end-to-end tests against the real binary; and again, under ThreadSanitizer, what has
  to do with threads. --filter keeps the tests whose name contains TEXT. The last line is `N passed, N failed`, with the
  number of skipped tests behind it where there are some.
  Installs the test packages and, where the system's Node is older than 22, a Node of its own into .dev/.
TEXT
}

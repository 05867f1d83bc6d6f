# shellcheck shell=bash
# ./dev format and ./dev lint

sources() { find src tools bench fuzz -name '*.cc' -o -name '*.h' | sort; }

cmd_format() {
  need format
  case ${1:-} in
    '') sources | xargs -r clang-format-19 -i ;;
    --check) sources | xargs -r clang-format-19 --dry-run --Werror ;;
    *) fail "format does not know '$1'; see ./dev help format" ;;
  esac
}

cmd_lint() {
  local failed=0
  need build test format lint
  say "clang-format"
  cmd_format --check || failed=1
  say "shellcheck"
  lint_scripts || failed=1
  say "clang-tidy"
  lint_sources || failed=1
  [[ $failed -eq 0 ]] || fail "lint found something"
  say "nothing found"
}

lint_scripts() {
  local -a scripts
  mapfile -t scripts < <(find tools bench tests deploy \( -name node_modules -o -path tools/dev -o -path 'bench/quick*' -o -path bench/tls.sh -o -path bench/policies.sh -o -path bench/profile.sh \) -prune -o -name '*.sh' -print | sort)
  shellcheck --external-sources --check-sourced dev bench/quick.sh bench/tls.sh bench/policies.sh bench/profile.sh && shellcheck .ci/run "${scripts[@]}"
}

# Only what the dev preset compiles: fuzzers and benchmarks are small and built elsewhere.
lint_sources() {
  configure_preset dev || return
  find src tools -name '*.cc' | sort | xargs -r -P "$jobs" -n 4 clang-tidy-19 -p build/dev --quiet 2>&1 |
    sed -E '/^[0-9]+ warnings? generated\.$/d; /^\[[0-9]+\/[0-9]+\] Processing file/d'
}

help_format() {
  cat <<'TEXT'
./dev format [--check]
  Formats the C++ of src/, tools/, bench/ and fuzz/ in place with clang-format 19; --check changes nothing and fails
  where something would change.
TEXT
}

help_lint() {
  cat <<'TEXT'
./dev lint
  Checks the formatting, runs clang-tidy 19 with the checks of .clang-tidy on src/ and tools/, and shellcheck on the
  scripts. Any finding fails it.
TEXT
}

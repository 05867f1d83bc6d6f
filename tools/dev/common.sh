# shellcheck shell=bash
# What all commands share: messages, running long steps, running as root.

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# The option's value, or a clear end: option_value --seconds "$@"
option_value() {
  [[ $# -ge 2 && -n $2 ]] || fail "$1 needs a value"
  printf '%s' "$2"
}

# The same for a whole number.
option_number() {
  local value
  value=$(option_value "$@")
  [[ $value =~ ^[0-9]+$ ]] || fail "$1 needs a whole number, not '$value'"
  printf '%s' "$value"
}

# long_step LOG COMMAND...: on a terminal the command shows its own progress; elsewhere its output goes to LOG and
# only a failure shows what matters of it.
long_step() {
  local log=$1 status=0
  shift
  if [[ -t 1 ]]; then
    "$@"
    return
  fi
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || status=$?
  [[ $status -eq 0 ]] || show_failure "$log"
  return "$status"
}

# From the first failure that ninja, a sanitizer or a unit test reports; the end of the log where there is none.
show_failure() {
  local log=$1 first='^FAILED:|ERROR: [A-Za-z]*Sanitizer|WARNING: ThreadSanitizer|runtime error:|: Failure$|: error: '
  printf -- '--- %s\n' "$log"
  if grep -qE "$first" "$log"; then
    awk -v first="$first" '$0 ~ first { shown = 1 } shown' "$log" | head -n 60
  else
    tail -n 40 "$log"
  fi
  printf -- '---\n'
}

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

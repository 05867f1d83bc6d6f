#!/usr/bin/env bash
# The documents that walk through the code, checked against it. A `code span` in them that looks like
#   a file or a folder   must be one, seen from the repository's root or from src/;
#   a name               (`relay`, `net::connect`, `Gate::judge`, `gen_ai.request.model`, `finish()`) must be in src/:
#                        one file, which is no test, has all its parts as words outside of comments.
# Everything else between backquotes (commands, header fields, paths of requests) and what stands in fenced blocks is
# not looked at. A span must end on its line.
# Usage: tools/check_docs.sh [ROOT]      fails and names each span that is not in the code
#        tools/check_docs.sh --self-test fails unless planted mistakes are found
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

documents=(docs/ARCHITECTURE.md docs/LIFE_OF_A_REQUEST.md)

# "file:line:span" for each span of the documents below $1.
spans() {
  (cd "$1" && awk '
    /^ *```/ { fenced = !fenced; next }
    fenced { next }
    {
      count = split($0, piece, "`")
      if (count && count % 2 == 0) printf "%s:%d:a code span that does not end on its line\n", FILENAME, FNR
      for (i = 2; i < count; i += 2) printf "%s:%d:%s\n", FILENAME, FNR, piece[i]
    }' "${documents[@]}")
}

# "file word" for each word of the code below $1, comments and tests left out.
# shellcheck disable=SC2016  # this is awk
words() {
  (cd "$1/src" && find . \( -name '*.h' -o -name '*.cc' \) ! -name '*_test.cc' ! -name 'test_*.h' -printf '%P\n' |
    xargs -r awk '
      {
        sub(/\/\/.*/, "")
        gsub(/[^A-Za-z0-9_]+/, " ")
        count = split($0, word, " ")
        for (i = 1; i <= count; i++)
          if (!((FILENAME, word[i]) in seen)) { seen[FILENAME, word[i]]; print FILENAME, word[i] }
      }')
}

is_path() { [[ $1 =~ ^[A-Za-z0-9_./-]+\.(h|cc|sh|mjs|md|txt)$ || $1 =~ ^[a-z0-9_]+(/[a-z0-9_]+)*/$ ]]; }
is_name() { [[ $1 =~ ^[A-Za-z_][A-Za-z0-9_]*((::|\.)[A-Za-z_][A-Za-z0-9_]*)*(\(\))?$ ]]; }

# Prints "file:line: what is wrong" for each mistake below $1.
mistakes() {
  local root=$1 file line span names=''
  for file in "${documents[@]}"; do
    [[ -e $root/$file ]] || { printf '%s: is missing\n' "$file" && return; }
  done
  while IFS=: read -r file line span; do
    if [[ $span == 'a code span that does not end on its line' ]]; then
      printf '%s:%s: %s\n' "$file" "$line" "$span"
    elif is_path "$span"; then
      [[ -e $root/$span || -e $root/src/$span ]] || printf '%s:%s: there is no %s\n' "$file" "$line" "$span"
    elif is_name "$span"; then
      names+="$file:$line $span"$'\n'
    fi
  done < <(spans "$root")
  # shellcheck disable=SC2016  # this is awk
  words "$root" | awk '
    NR == FNR { files[$1]; has[$1, $2]; next }
    function is_in(file, parts, count,    i) {
      for (i = 1; i <= count; i++) if (!((file, parts[i]) in has)) return 0
      return 1
    }
    {
      name = $2
      sub(/\(\)$/, "", name)
      count = split(name, parts, /::|\./)
      found = 0
      for (file in files) if (is_in(file, parts, count)) { found = 1; break }
      if (!found) printf "%s: there is no %s in src/\n", $1, $2
    }' - <(printf '%s' "$names")
}

# plant FILE LINE...: one file in the tree of the self-test.
plant() {
  mkdir -p "$tree/$(dirname "$1")"
  printf '%s\n' "${@:2}" >"$tree/$1"
}

expect() {
  local wanted=$1 found
  found=$(mistakes "$tree" | sort)
  if [[ $found != "$wanted" ]]; then
    printf 'self-test: expected\n%s\nfound\n%s\n' "$wanted" "$found" >&2
    exit 1
  fi
}

# shellcheck disable=SC2016  # backquotes of Markdown
self_test() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  plant src/proxy/gate.cc 'namespace proxy { void Gate::judge() { old(); } }  // the successor of weigh' '"a.bold"'
  plant src/proxy/gate_test.cc 'only_tested();'
  plant src/net/loop.h 'class Loop {};'
  plant docs/ARCHITECTURE.md ''
  expect 'docs/LIFE_OF_A_REQUEST.md: is missing'
  plant docs/ARCHITECTURE.md '`proxy/gate.cc`, `src/net/`, `net/`, `proxy::Gate::judge`, `Gate::judge()`, `a.bold`, `Loop`'
  plant docs/LIFE_OF_A_REQUEST.md 'not looked at: `./dev test`, `/health`, `Content-Length: 3`' '' '```' '`gone`' '```'
  expect ''
  plant docs/ARCHITECTURE.md 'a `proxy/relay.cc`, `http/`' '`Gate::weigh` and `Loop::judge`' 'fine: `old`'
  plant docs/LIFE_OF_A_REQUEST.md '`only_tested`, `a.brave`' 'an `open' 'span`'
  expect 'docs/ARCHITECTURE.md:1: there is no http/
docs/ARCHITECTURE.md:1: there is no proxy/relay.cc
docs/ARCHITECTURE.md:2: there is no Gate::weigh in src/
docs/ARCHITECTURE.md:2: there is no Loop::judge in src/
docs/LIFE_OF_A_REQUEST.md:1: there is no a.brave in src/
docs/LIFE_OF_A_REQUEST.md:1: there is no only_tested in src/
docs/LIFE_OF_A_REQUEST.md:2: a code span that does not end on its line
docs/LIFE_OF_A_REQUEST.md:3: a code span that does not end on its line'
}

if [[ ${1:-} == --self-test ]]; then
  self_test
  exit
fi
found=$(mistakes "${1:-.}")
[[ -z $found ]] || { printf '%s\n' "$found" && exit 1; }

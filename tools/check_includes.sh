#!/usr/bin/env bash
# The dependency rules of src/, read from the #include lines:
#   1. A folder includes only the folders its line of the table allows (docs/ARCHITECTURE.md).
#   2. A test or benchmark may besides include every folder of a lower layer.
#   3. epoll, OpenSSL and c-ares are known to net/ alone, SQLite to store/sqlite/.
#   4. Every #include "..." is a path from src/.
#   5. A source includes the header of its name before anything else: that compiles the header on its own.
# Usage: tools/check_includes.sh [ROOT]      fails and names each line that breaks a rule
#        tools/check_includes.sh --self-test fails unless planted violations are found
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

# layer | folder | may include (besides itself)
rules() {
  cat <<'TABLE'
0 base
1 net            base
1 http           base
1 model          base
2 http_io        base net http
2 call           base model
3 providers      base http model call
3 agents         base http model call
3 policy         base model call
3 store          base model call
3 store/sqlite   base model call
3 telemetry      base model call
3 telemetry/otlp base model call net http http_io telemetry
3 simulator      base net http http_io
4 proxy          base net http http_io model call providers agents policy
5 api            base net http http_io model call agents policy store telemetry
6 app            base net http http_io model call providers agents policy store telemetry simulator proxy api
TABLE
}

# Prints "file:line: what is wrong" for each violation below $1/src.
violations() {
  (cd "$1/src" && find . -mindepth 2 \( -name '*.h' -o -name '*.cc' \) -printf '%P\n' | sort |
    xargs -r awk -v rules="$(rules)" "$checker")
}

# shellcheck disable=SC2016  # this is awk
checker='
  BEGIN {
    count = split(rules, lines, "\n")
    for (i = 1; i <= count; i++) {
      fields = split(lines[i], field, " ")
      layer[field[2]] = field[1]
      for (j = 3; j <= fields; j++) allowed[field[2], field[j]]
    }
  }
  FNR == 1 {
    split(FILENAME, part, "/")
    own = part[1]
    rule = ((own "/" part[2]) in layer) ? own "/" part[2] : own
    is_test = FILENAME ~ /_(test|bench)\.cc$/ || FILENAME ~ /\/test_[a-z_]*\.h$/
    if (!(own in layer)) say("folder " own " has no line in the rules")
    header = FILENAME
    first_is_due = sub(/\.cc$/, ".h", header) && (getline ignored < header) >= 0
    close(header)
  }
  function say(what) { printf "src/%s:%d: %s\n", FILENAME, FNR, what }
  function may_include(folder) {
    if (folder == own || ((rule, folder) in allowed)) return 1
    return is_test && layer[folder] < layer[own]
  }
  first_is_due && /^[ \t]*#[ \t]*include/ {
    first_is_due = 0
    if (index($0, "\"" header "\"") == 0) say("\"" header "\" has to be included first")
  }
  /^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    folder = quoted[2]
    if (folder !~ /\// || folder ~ /^\./) { say("\"" folder "\" is not a path from src/"); next }
    sub(/\/.*/, "", folder)
    if (!(folder in layer)) say("\"" quoted[2] "\" is in no folder of src/")
    else if ((own in layer) && !may_include(folder)) say(own " may not include " folder)
  }
  own != "net" && /^[ \t]*#[ \t]*include[ \t]*<(sys\/epoll\.h|openssl\/|ares)/ {
    say("only net may include " $NF)
  }
  rule != "store/sqlite" && /^[ \t]*#[ \t]*include[ \t]*<sqlite3/ {
    say("only store/sqlite may include " $NF)
  }
'

# plant FILE LINE: one file in the tree of the self-test.
plant() {
  mkdir -p "$tree/src/$(dirname "$1")"
  printf '%s\n' "$2" >>"$tree/src/$1"
}

expect() {
  local wanted=$1 found
  found=$(violations "$tree")
  if [[ $found != "$wanted" ]]; then
    printf 'self-test: expected\n%s\nfound\n%s\n' "$wanted" "$found" >&2
    exit 1
  fi
}

self_test() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  plant base/a.h '#include <string>'
  plant net/b.cc '#include <sys/epoll.h>'
  plant net/b.cc '#include "base/a.h"'
  plant http_io/pump_test.cc '#include "model/agent.h"'
  plant telemetry/otlp/exporter.cc '#include "http_io/pump.h"'
  plant app/main.cc '#include "proxy/shard.h"'
  plant store/sqlite/database.cc '#include <sqlite3.h>'
  plant base/a.cc '#include "base/a.h"'
  expect ''
  plant http/c.h '#include "net/b.h"'
  plant proxy/d.cc '  #  include "telemetry/e.h"'
  plant proxy/g_test.cc '#include "app/main.h"'
  plant telemetry/f.cc '#include "net/b.h"'
  plant http_io/h.cc '#include <openssl/ssl.h>'
  plant call/i.h '#include "route.h"'
  plant call/i.h '#include "nowhere/j.h"'
  plant odd/k.h '// a folder nobody knows'
  plant store/l.cc '#include <sqlite3.h>'
  plant model/m.h '#include <string>'
  plant model/m.cc '#include <vector>'
  plant model/m.cc '#include "model/m.h"'
  expect 'src/call/i.h:1: "route.h" is not a path from src/
src/call/i.h:2: "nowhere/j.h" is in no folder of src/
src/http/c.h:1: http may not include net
src/http_io/h.cc:1: only net may include <openssl/ssl.h>
src/model/m.cc:1: "model/m.h" has to be included first
src/odd/k.h:1: folder odd has no line in the rules
src/proxy/d.cc:1: proxy may not include telemetry
src/proxy/g_test.cc:1: proxy may not include app
src/store/l.cc:1: only store/sqlite may include <sqlite3.h>
src/telemetry/f.cc:1: telemetry may not include net'
}

if [[ ${1:-} == --self-test ]]; then
  self_test
  exit
fi
found=$(violations "${1:-.}")
[[ -z $found ]] || { printf '%s\n' "$found" && exit 1; }

#!/usr/bin/env bash
# Builds the page and makes a C++ source of it: ui/tools/build.sh FOLDER leaves FOLDER/dist and FOLDER/ui_site.cc there.
# CMake calls it where something in ui/ has changed. Wants Node on the PATH and the packages in ui/node_modules, which
# ./dev sees to.
set -euo pipefail
folder=$1
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

fail() {
  printf 'the web UI: %s\n' "$*" >&2
  printf './dev build sees to all it needs; -DARCHESTRA_UI=OFF builds a gateway without it\n' >&2
  exit 1
}

command -v node >/dev/null || fail "there is no Node on the PATH"
[[ -d node_modules ]] || fail "its packages are not there: npm ci --prefix ui"
node node_modules/vite/bin/vite.js build --logLevel warn --outDir "$folder/dist" --emptyOutDir
node tools/pack.mjs "$folder/dist" "$folder/ui_site.cc"

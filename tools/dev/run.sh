# shellcheck shell=bash
# ./dev run

cmd_run() {
  build_release
  local binary=$PWD/build/release/archestra
  cd "$caller_dir" || exit 1
  exec "$binary" serve "$@"
}

help_run() {
  cat <<'TEXT'
./dev run [OPTION...]
  Builds the release and becomes `archestra serve` in the current folder, with the options given; they are listed by
  `build/release/archestra serve --help`. Ctrl-C ends it.
TEXT
}

# shellcheck shell=bash
# ./dev profile

cmd_profile() {
  [[ $# -eq 0 ]] || fail "profile takes no options"
  need build bench profile
  build_preset profile archestra archestra-traffic || exit 1
  exec bench/profile.sh
}

help_profile() {
  cat <<'TEXT'
./dev profile
  Records anew which ways through the gateway are taken how often, which the release is optimised by: builds one that
  counts, puts the load of the benchmark and the mix of the demo through it, and replaces cmake/release.profdata. To be
  run, and committed, after a change of what every call passes through. Takes a few minutes.
TEXT
}

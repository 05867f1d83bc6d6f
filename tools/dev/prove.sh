# shellcheck shell=bash
# ./dev prove

cmd_prove() {
  local node
  build_release
  need prove
  need_node
  need_npm_packages tests/e2e
  if [[ $# -eq 0 || " $* " == *" alerts "* ]]; then
    need_prometheus
    need_alertmanager
  fi
  [[ $# -gt 0 && " $* " != *" fuzz "* ]] || build_fuzzers
  ARCHESTRA_BINARY=$PWD/build/release/archestra "$node" tests/prove/prove.mjs "$@"
}

help_prove() {
  cat <<'TEXT'
./dev prove [NAME...]
  Measures with the release build what is promised of it, beside somebody who has a clock of his own, and prints the
  figures; those of a promise that is kept go to their section of docs/proof.md. For a machine that is not busy: it
  fails where a promise is not kept. Proofs: durations (streams last in metric and span as long as for the provider), crowd (memory of idle
  connections, of streams and of slow readers), slow-clients (slowhttptest beside calls as usual), scrapes (of a large page, beside calls as usual), restart (no call is
  lost), trials (what goes on while descriptors, memory, disk, clock, a provider or its name are gone, and comes
  back), alerts (each fires at a real fault and is resolved, told by a real Alertmanager; five minutes), faults (client,
  provider, log, spans, log records and metrics agree about each of 100,000 calls at which everything goes wrong that can),
  kills (what kill -9 every ten seconds may lose, and no more; five minutes), outage (no span is lost while the collector is away for
  ten minutes, and no call feels it; fifteen minutes), screens (how soon the web UI is there, and pictures of all its pages
  in docs/ui/), fuzz (ten minutes of hostile bytes for what reads HTTP).
  The environment makes some shorter, or other: PROVE_SEED, PROVE_CALLS (faults), PROVE_KILLS, PROVE_OUTAGE_SECONDS.
TEXT
}

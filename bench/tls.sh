#!/usr/bin/env bash
# What TLS to the provider costs: the gateway beside itself, the one with TLS to a relay in front of the simulated provider,
# the other without TLS to the same relay.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

source bench/quick/stage.sh
source bench/quick/measure.sh
source bench/quick/report.sh
source bench/quick/pair.sh

binary=build/release/archestra
rounds=5 seconds=2 connections=64
declare -A relays=([plain]=bench/quick/haproxy.cfg [tls]=bench/tls/relay.cfg) schemes=([plain]=http [tls]=https)

usage() {
  cat <<'TEXT'
bench/tls.sh [--rounds N] [--seconds N] [--connections N]
  Measures build/release/archestra with and without TLS to its provider, both at once on a core of their own where there
  are two; see bench/quick.sh for the workloads. Prints CPU time per request and per stream event, and their ratio. Fails
  if an answer is not 2xx, or if a stream event costs more than 1.3 times as much with TLS.
TEXT
}

# start_relayed_side plain|tls: a relay on the provider's core, and a gateway in front of it.
start_relayed_side() {
  start_haproxy "relay-$1" "$provider_core" "${relays[$1]}"
  start_side "$1" "${schemes[$1]}://localhost:$started_port/v1" ARCHESTRA_CA_FILE="$stage_dir/cert.pem"
}

main() {
  parse_pair_options "$@"
  need_tools wrk haproxy taskset openssl
  stage_open
  choose_cores
  write_bodies
  make_certificate
  start_provider
  start_collector
  start_relayed_side plain
  start_relayed_side tls
  run_pair_rounds tls
  printf '\n'
  print_pair_table tls 1.3 || fail 'a stream event costs more than 1.3 times as much with TLS'
}

main "$@"

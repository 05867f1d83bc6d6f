#!/usr/bin/env bash
# What TLS to the provider costs: the gateway beside itself, the one with TLS to a relay in front of the simulated provider,
# the other without TLS to the same relay.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

source bench/quick/stage.sh
source bench/quick/measure.sh
source bench/quick/report.sh

binary=build/release/archestra
rounds=5 seconds=2 connections=64
declare -A pids=() ports=() relays=([plain]=bench/quick/haproxy.cfg [tls]=bench/tls/relay.cfg) schemes=([plain]=http [tls]=https)

usage() {
  cat <<'TEXT'
bench/tls.sh [--rounds N] [--seconds N] [--connections N]
  Measures build/release/archestra with and without TLS to its provider, both at once on a core of their own where there
  are two; see bench/quick.sh for the workloads. Prints CPU time per request and per stream event, and their ratio. Fails
  if an answer is not 2xx, or if a stream event costs more than 1.3 times as much with TLS.
TEXT
}

parse_options() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --rounds) rounds=$(number "$@") || exit 1; shift ;;
      --seconds) seconds=$(number "$@") || exit 1; shift ;;
      --connections) connections=$(number "$@") || exit 1; shift ;;
      -h | --help) usage && exit 0 ;;
      *) fail "unknown option '$1'; see --help" ;;
    esac
    shift
  done
}

# start_side plain|tls: a relay on the provider's core and a gateway of its own, for its own port and process.
start_side() {
  local side=$1
  start_haproxy "relay-$side" "$provider_core" "${relays[$side]}"
  start_gateway "gateway-$side" "${schemes[$side]}://localhost:$started_port/v1" ARCHESTRA_CA_FILE="$stage_dir/cert.pem"
  pids[$side]=$started ports[$side]=$started_port
}

pid_of() { printf '%s' "${pids[$1]}"; }
url_of() { printf 'http://127.0.0.1:%s/v1/openai/chat/completions' "${ports[$1]}"; }

# Both at once: they share the core, and what else the machine does hits both alike.
measure_both() {
  local plain
  local -a answers errors reading
  load_and_record plain "$1" "$2" &
  plain=$!
  load_and_record tls "$1" "$2"
  wait "$plain" || fail "measuring without TLS failed"
}

run_rounds() {
  local round workload
  for ((round = 1; round <= rounds; ++round)); do
    for workload in json asked added; do measure_both "$workload" "$round"; done
    say "round $round of $rounds"
  done
}

print_table() {
  awk -v names="$workload_names" "$awk_median"'
    {
      cost[$1, $2, $3] = 1e6 * $7 / ($5 * $4)
      costs[$1, $2] = costs[$1, $2] " " cost[$1, $2, $3]
      segments[$1, $2] = segments[$1, $2] " " $8 / ($5 * $4)
      if ($3 > rounds) rounds = $3
    }
    END {
      print "CPU time, medians                   plain        TLS    ratio   segments plain, TLS"
      count = split(names, rows, ";")
      for (i = 1; i <= count; ++i) {
        split(rows[i], row, "=")
        ratios = ""
        for (j = 1; j <= rounds; ++j) ratios = ratios " " cost[row[1], "tls", j] / cost[row[1], "plain", j]
        ratio = median(ratios)
        printf "%-30s %7.2f us %7.2f us %8.3f %10.2f %8.2f\n", row[2], median(costs[row[1], "plain"]),
          median(costs[row[1], "tls"]), ratio, median(segments[row[1], "plain"]), median(segments[row[1], "tls"])
        if (row[1] != "json" && ratio > 1.3) too_much = 1
      }
      exit too_much
    }' "$stage_dir/results" || fail 'a stream event costs more than 1.3 times as much with TLS'
}

main() {
  parse_options "$@"
  need_tools wrk haproxy taskset openssl
  stage_open
  choose_cores
  write_bodies
  make_certificate
  start_provider
  start_collector
  start_side plain
  start_side tls
  run_rounds
  printf '\n'
  print_table
}

main "$@"

#!/usr/bin/env bash
# The gateway beside HAProxy: CPU time per request and per stream event, in front of the same simulated provider.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

source bench/quick/stage.sh
source bench/quick/measure.sh
source bench/quick/report.sh

binary=build/release/archestra
rounds=5 seconds=2 connections=64 together=no system_calls=no
calls_total=0 lines_dropped=0 lines_dropped_before=0

usage() {
  cat <<'TEXT'
bench/quick.sh [--rounds N] [--seconds N] [--connections N] [--together] [--syscalls]
  Measures build/release/archestra beside HAProxy, one worker each, in turns, on a core of their own where there are
  two; the provider is `archestra simulate`. Three workloads: JSON answers, and streams whose client asks for usage or
  leaves it to the gateway to ask. CPU time is the whole process's, of all threads. Fails if an answer is not 2xx, or
  if the gateway's own counts, its log lines and wrk do not agree.
    --rounds N       alternating rounds [5]
    --seconds N      of each measurement, after warming up [2]
    --connections N  kept-alive connections [64]
    --together       load both at once, on one core, instead of in turns: for a machine that is busy otherwise
    --syscalls       count system calls too, in runs of their own (wants perf, and the right to trace)
  Ratios are what to trust; the rest depends on the machine. Instructions are not counted: most virtual machines
  cannot.
TEXT
}

parse_options() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --rounds) rounds=$(number "$@") || exit 1; shift ;;
      --seconds) seconds=$(number "$@") || exit 1; shift ;;
      --connections) connections=$(number "$@") || exit 1; shift ;;
      --together) together=yes ;;
      --syscalls) system_calls=yes ;;
      -h | --help) usage && exit 0 ;;
      *) fail "unknown option '$1'; see --help" ;;
    esac
    shift
  done
}

check_tools() {
  need_tools wrk haproxy taskset
  [[ $system_calls == no ]] || command -v perf >/dev/null || fail "--syscalls needs perf"
}

# Who goes first changes with each round, so that a machine that slows down or speeds up favours nobody.
run_rounds() {
  local round workload proxy
  local -a order
  for ((round = 1; round <= rounds; ++round)); do
    order=(haproxy gateway)
    [[ $((round % 2)) -eq 1 ]] || order=(gateway haproxy)
    for workload in json asked added; do
      if [[ $together == yes ]]; then
        measure_together "$workload" "$round"
      else
        for proxy in "${order[@]}"; do measure "$proxy" "$workload" "$round"; done
      fi
    done
    say "round $round of $rounds"
  done
}

print_system_calls() {
  local workload
  printf '\nsystem calls of a request, or event   HAProxy    gateway\n'
  for workload in json asked added; do
    printf '%-36s %8s %10s\n' "$workload" "$(count_system_calls haproxy "$workload")" \
      "$(count_system_calls gateway "$workload")"
  done
}

main() {
  parse_options "$@"
  check_tools
  stage_open
  choose_cores
  write_bodies
  start_all
  print_setting
  run_rounds
  check_spans
  printf '\n'
  print_tables
  check_separate_events
  printf 'spans of the gateway: %s delivered, %s dropped; log lines dropped: %s; wrk and the gateway agree on %s calls\n' \
    "$spans_sent" "$spans_dropped" "$lines_dropped" "$calls_total"
  [[ $system_calls == no ]] || print_system_calls
}

main "$@"

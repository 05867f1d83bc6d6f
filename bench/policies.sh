#!/usr/bin/env bash
# What a hundred policies cost that cannot block: the gateway beside itself, the one with them, the other without any.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

source bench/quick/stage.sh
source bench/quick/measure.sh
source bench/quick/report.sh
source bench/quick/pair.sh

binary=build/release/archestra
rounds=5 seconds=2 connections=64
policies=100 token=token-of-the-benchmark

usage() {
  cat <<'TEXT'
bench/policies.sh [--rounds N] [--seconds N] [--connections N]
  Measures build/release/archestra with a hundred tool policies that only observe and without any, both at once on a core
  of their own where there are two; see bench/quick.sh for the workloads. Prints CPU time per request and per stream
  event, and the mean time to the first token of the streams, with their ratios. Fails if an answer is not 2xx, or if an
  event costs, or its first one takes, more than 1.1 times as much with policies.
TEXT
}

# http_post PORT PATH BODY: the status of the answer.
http_post() {
  local answer status
  { exec {answer}<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || fail "nobody answers on port $1"
  printf 'POST %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$2" "$token" "${#3}" "$3" >&"$answer"
  read -r _ status _ <&"$answer"
  exec {answer}>&-
  printf '%s' "$status"
}

make_policies() {
  local i status
  for ((i = 1; i <= policies; ++i)); do
    status=$(http_post "${ports[policies]}" /api/tool-invocation-policies '{"agentId":null,"tool":"tool_'"$i"'",
      "action":"block_always","mode":"observe","reason":"measured",
      "conditions":[{"key":"to[*].address","operator":"regex","value":"@[a-z]+[.]example$"}]}')
    [[ $status == 201 ]] || fail "policy $i was answered $status"
  done
}

# first_token SIDE: the mean time to the first token so far, in milliseconds.
first_token() {
  http_get "${metrics_ports[$1]}" /metrics | awk '
    index($0, "llm_time_to_first_token_seconds_sum") == 1 { sum += $NF }
    index($0, "llm_time_to_first_token_seconds_count") == 1 { count += $NF }
    END { printf "%.3f", count ? 1000 * sum / count : 0 }'
}

print_first_tokens() {
  awk -v plain="$(first_token plain)" -v other="$(first_token policies)" 'BEGIN {
    if (plain == 0 || other == 0) exit 1
    printf "%-30s %7.2f ms %8.2f ms %8.3f\n", "mean time to the first token", plain, other, other / plain
    exit other / plain > 1.1
  }'
}

main() {
  local is_too_much=0
  parse_pair_options "$@"
  need_tools wrk haproxy taskset
  stage_open
  choose_cores
  write_bodies
  start_provider
  start_collector
  start_side plain "http://127.0.0.1:$provider_port/v1"
  start_side policies "http://127.0.0.1:$provider_port/v1" ARCHESTRA_ADMIN_TOKEN="$token"
  make_policies
  run_pair_rounds policies
  printf '\n'
  print_pair_table policies 1.1 || is_too_much=1
  print_first_tokens || is_too_much=1
  [[ $is_too_much -eq 0 ]] || fail "$policies policies that cannot block cost more than a tenth"
}

main "$@"

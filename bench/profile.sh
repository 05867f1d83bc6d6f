#!/usr/bin/env bash
# Makes cmake/release.profdata: what the gateway does under the load of the benchmark and the mix of the demo.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

source bench/quick/stage.sh
source bench/quick/measure.sh

binary=build/profile/archestra traffic=build/profile/archestra-traffic
profile=cmake/release.profdata
connections=64 seconds=5

# Plain HTTP to the provider, as in the benchmark, and TLS to a relay in front of it, as with a provider out there.
declare -A paths=([plain]=/v1/openai [tls]=/v1/behind-tls)

pid_of() { printf '%s' "$gateway_pid"; }
url_of() { printf 'http://127.0.0.1:%s%s/chat/completions' "$gateway_port" "${paths[$1]}"; }

# The benchmark's workloads; what wrk counts is of no interest here.
record_loads() {
  local way workload
  for way in plain tls; do
    for workload in json asked added; do
      say "load: $workload, $way"
      run_load "$way" "$workload" "$seconds"
    done
  done
}

# All dialects, with tool calls, errors, clients that leave; and scrapes meanwhile.
record_mix() {
  say "the demo's mix of calls"
  "$traffic" --url "http://127.0.0.1:$gateway_port" --dialects openai,anthropic,gemini --rate 1000 --seconds 8 \
    </dev/null >"$stage_dir/traffic.log" 2>&1 &
  local traffic_pid=$! scrape
  for scrape in 1 2 3 4; do
    http_get "$metrics_port" /metrics >"$stage_dir/page.$scrape"
    sleep 2
  done
  wait "$traffic_pid" || { cat "$stage_dir/traffic.log" >&2; fail "the demo's traffic failed"; }
}

# The counts are written when the process ends.
merge_profile() {
  kill -TERM "$gateway_pid"
  wait "$gateway_pid" || fail "the gateway ended with an error"
  llvm-profdata-19 merge --sparse -o "$stage_dir/merged" "$stage_dir/gateway.profraw"
  mv "$stage_dir/merged" "$profile"
  say "$profile: $(llvm-profdata-19 show "$profile" | sed -n 's/^Total functions: //p') functions, $(wc -c <"$profile") bytes"
}

stage_open
export LLVM_PROFILE_FILE=$stage_dir/others.%p  # of the provider and of the traffic
choose_cores
write_bodies
start_provider
start_collector
make_certificate
start_haproxy relay "$provider_core" bench/tls/relay.cfg
provider=http://127.0.0.1:$provider_port
start_measured_gateway LLVM_PROFILE_FILE="$stage_dir/gateway.profraw" ARCHESTRA_ANTHROPIC_BASE_URL="$provider" \
  ARCHESTRA_GEMINI_BASE_URL="$provider" ARCHESTRA_CA_FILE="$stage_dir/cert.pem" \
  ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS="behind-tls=https://localhost:$started_port/v1"
record_loads
record_mix
merge_profile

# shellcheck shell=bash
# One measurement: wrk through one proxy, the reading of bench/quick/load.lua, and the proof that nothing was lost.

stream_tokens=100
stream_interval_ms=10
# A stream is its tokens, the role before them, the end and [DONE] after them, and usage where the client asked for it.
declare -A units=([json]=1 [asked]=$((stream_tokens + 4)) [added]=$((stream_tokens + 3)))

# Streams start at random moments within an interval, or all events of all streams would fall on the same millisecond.
stream_fields="x-sim-tokens=$stream_tokens x-sim-token-interval-ms=$stream_interval_ms \
x-sim-latency-jitter-ms=$stream_interval_ms"
declare -A fields=([json]='x-sim-body-bytes=1000' [asked]=$stream_fields [added]=$stream_fields)

# Requests of about 1 KB, in files because wrk's script reads them.
write_bodies() {
  local text
  text=$(printf 'The quick brown fox jumps over the lazy dog. %.0s' {1..20})
  local start='{"model":"gpt-4o","messages":[{"role":"system","content":"You are brief."},'
  start+='{"role":"user","content":"'$text'"}],"temperature":0.2'
  printf '%s}' "$start" >"$stage_dir/json.body"
  printf '%s,"stream":true,"stream_options":{"include_usage":true}}' "$start" >"$stage_dir/asked.body"
  printf '%s,"stream":true}' "$start" >"$stage_dir/added.body"
}

pid_of() { if [[ $1 == gateway ]]; then printf '%s' "$gateway_pid"; else printf '%s' "$haproxy_pid"; fi; }

# HAProxy gets the provider's own path, so that it has nothing to rewrite.
url_of() {
  if [[ $1 == gateway ]]; then
    printf 'http://127.0.0.1:%s/v1/openai/chat/completions' "$gateway_port"
  else
    printf 'http://127.0.0.1:%s/v1/chat/completions' "$haproxy_port"
  fi
}

# counted FAMILY [LABEL]: the sum of a family's samples in the page of metrics on standard input, or of those that have
# the label, as a whole number.
counted() {
  awk -v family="$1" -v label="${2:-}" '
    index($1, family "{") == 1 && (label == "" || index($0, label)) { sum += $NF } END { printf "%.0f", sum }'
}

gateway_metric() { http_get "$metrics_port" /metrics | counted "$@"; }

gateway_is_idle() { [[ $(gateway_metric llm_requests_in_flight) -eq 0 ]]; }

# run_load PROXY WORKLOAD SECONDS: sets answers, errors, reading.
run_load() {
  local proxy=$1 workload=$2 output
  output=$(LOAD_PID=$(pid_of "$proxy") LOAD_CONNECTIONS=$connections LOAD_WARM_UP=0.5 LOAD_SECONDS=$3 \
    LOAD_FIELDS=${fields[$workload]} LOAD_BODY_FILE=$stage_dir/$workload.body \
    "${pin[@]/CORE/$load_core}" wrk -t1 -c"$connections" -d"$(($3 + 30))s" --timeout 30s -s bench/quick/load.lua \
    "$(url_of "$proxy")" 2>&1) || fail "wrk: $output"
  read -r answers errors reading < <(sed -n 's/^load //p' <<<"$output") || fail "wrk: $output"
  [[ $errors -eq 0 ]] || fail "$proxy, $workload: $errors errors or answers that are not 2xx: $output"
  [[ -n $reading ]] || fail "$proxy, $workload: the window did not close: $output"
}

# The gateway's own count beside wrk's: what wrk left when it stopped may have been completed or not, all else may not
# differ. Each call has its line in the access log, or was counted as dropped from it.
check_gateway_counts() {
  local workload=$1 completed=$2 calls=$3
  [[ $completed -ge $answers && $calls -le $((answers + connections)) ]] ||
    fail "$workload: wrk has $answers answers, llm_requests_total $completed completed of $calls"
  until_true 5 log_is_complete "$calls" ||
    fail "$workload: $calls calls, $(wc -l <"$stage_dir/gateway.out") log lines, $lines_dropped dropped so far"
  lines_dropped_before=$lines_dropped
  : >"$stage_dir/gateway.out"
}

log_is_complete() {
  lines_dropped=$(gateway_metric telemetry_dropped_total 'signal="logs"')
  [[ $(($(wc -l <"$stage_dir/gateway.out") + lines_dropped - lines_dropped_before)) -ge $1 ]]
}

# measure PROXY WORKLOAD ROUND: appends a line to results.
measure() {
  local -a answers errors reading
  if [[ $1 == gateway ]]; then measure_gateway "$2" "$3"; else load_and_record "$@"; fi
}

load_and_record() {
  run_load "$1" "$2" "$seconds"
  printf '%s %s %s %s %s\n' "$2" "$1" "$3" "${units[$2]}" "$reading" >>"$stage_dir/results"
}

measure_gateway() {
  local workload=$1 before calls completed
  before=$(http_get "$metrics_port" /metrics)
  load_and_record gateway "$workload" "$2"
  until_true 10 gateway_is_idle || fail "$workload: the gateway still has calls in flight"
  completed=$(($(gateway_metric llm_requests_total 'outcome="completed"') -
    $(counted llm_requests_total 'outcome="completed"' <<<"$before")))
  calls=$(($(gateway_metric llm_requests_total) - $(counted llm_requests_total <<<"$before")))
  check_gateway_counts "$workload" "$completed" "$calls"
  calls_total=$((calls_total + calls))
}

# Both at once: they share the core, and what else the machine does hits both alike.
measure_together() {
  local haproxy
  measure haproxy "$1" "$2" &
  haproxy=$!
  measure gateway "$1" "$2"
  wait "$haproxy" || fail "measuring haproxy failed"
}

spans_settled() {
  spans_sent=$(gateway_metric otlp_export_spans_total 'result="success"')
  spans_dropped=$(gateway_metric telemetry_dropped_total 'signal="traces"')
  [[ $((spans_sent + spans_dropped)) -ge $((2 * calls_total)) ]]
}

# Two spans a call: the request, and its try. A batch may wait five seconds for company.
check_spans() {
  until_true 15 spans_settled || fail "$calls_total calls, but $spans_sent spans delivered and $spans_dropped dropped"
}

# Counting system calls slows a process down, so it is done in runs of its own, and only where perf can. The whole run
# is counted, connecting included, which is a percent or two of a stream's events. When wrk stops in the middle of a
# cycle, half of the requests under way have just begun and half are about to end.
count_system_calls() {
  local proxy=$1 workload=$2 counter
  local -a answers errors reading
  perf stat -x, -o "$stage_dir/perf" -e raw_syscalls:sys_enter -p "$(pid_of "$proxy")" 2>"$stage_dir/perf.err" &
  counter=$!
  sleep 0.5
  run_load "$proxy" "$workload" 4
  kill -INT "$counter" 2>/dev/null || fail "perf stat cannot count system calls here"
  wait "$counter" || true
  sed -n 's/^\([0-9][0-9]*\),.*/\1/p' "$stage_dir/perf" |
    awk -v requests="$answers" -v connections="$connections" -v units="${units[$workload]}" '
      { printf "%.2f", $1 / ((requests + connections / 2) * units) }'
}

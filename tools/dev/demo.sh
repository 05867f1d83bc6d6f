# shellcheck shell=bash
# ./dev demo: a simulated provider, the gateway in front of it, and traffic of labelled agents through both.

demo_rate=20        # calls a second
start_seconds=20    # for a process to say which ports it has
stop_seconds=45     # for a process to end after SIGTERM: its drain and its flush have limits of their own

cmd_demo() {
  local seconds=0 api_port='' metrics_port=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      --seconds) seconds=$(option_number "$@") ;;
      --api-port) api_port=$(option_number "$@") ;;
      --metrics-port) metrics_port=$(option_number "$@") ;;
      *) fail "demo does not know '$1'; see ./dev help demo" ;;
    esac
    shift 2
  done
  build_release
  mkdir -p build/demo
  demo_dir=$(mktemp -d build/demo/XXXXXX)
  demo_names=() demo_pids=()
  trap 'demo_interrupted=1' INT TERM HUP
  trap demo_kill EXIT
  demo_start_simulator
  demo_start_gateway "${api_port:-$(free_port_or_any 9000)}" "${metrics_port:-$(free_port_or_any 9050)}"
  demo_start_traffic "$seconds"
  demo_watch
  demo_stop
}

demo_start_simulator() {
  demo_start simulator build/release/archestra simulate --port 0 --ports-file "$demo_dir/simulator.json"
  demo_wait_for "$demo_dir/simulator.json"
}

demo_start_gateway() {
  local provider
  provider=http://127.0.0.1:$(port_in simulator "$demo_dir/simulator.json")
  export ARCHESTRA_DATA_DIR=$demo_dir/data
  ARCHESTRA_ADMIN_TOKEN=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  export ARCHESTRA_ADMIN_TOKEN
  (umask 077 && printf '%s\n' "$ARCHESTRA_ADMIN_TOKEN" >"$demo_dir/admin-token")
  ARCHESTRA_OPENAI_BASE_URL=$provider/v1 ARCHESTRA_ANTHROPIC_BASE_URL=$provider ARCHESTRA_GEMINI_BASE_URL=$provider \
    ARCHESTRA_API_PORT=$1 ARCHESTRA_METRICS_PORT=$2 demo_start gateway build/release/archestra serve
  demo_wait_for "$ARCHESTRA_DATA_DIR/ports.json"
}

# Its table belongs on the screen.
demo_start_traffic() {
  local ports=$ARCHESTRA_DATA_DIR/ports.json
  say "logs: $demo_dir/gateway.log, $demo_dir/simulator.log"
  say "web UI: http://localhost:$(port_in api "$ports")/, sign in with $ARCHESTRA_ADMIN_TOKEN"
  setsid build/release/archestra-traffic --url "http://127.0.0.1:$(port_in api "$ports")" \
    --metrics-url "http://127.0.0.1:$(port_in metrics "$ports")/metrics" --seconds "$1" --rate "$demo_rate" \
    --dialects openai,anthropic,gemini </dev/null &
  demo_names+=(traffic) demo_pids+=($!)
}

# Each process has a session of its own: Ctrl-C reaches this script alone, which stops them in order.
demo_start() {
  local name=$1
  shift
  mkdir -p "$demo_dir/data"
  setsid "$@" >"$demo_dir/$name.log" 2>&1 </dev/null &
  demo_names+=("$name") demo_pids+=($!)
}

demo_wait_for() {
  local file=$1 deadline=$((SECONDS + start_seconds)) last=$((${#demo_pids[@]} - 1))
  until [[ -s $file ]]; do
    [[ -z ${demo_interrupted:-} ]] || exit 130
    kill -0 "${demo_pids[last]}" 2>/dev/null || demo_died "$last"
    [[ $SECONDS -lt $deadline ]] || fail "the ${demo_names[last]} did not start within $start_seconds s"
    sleep 0.05
  done
}

# Returns when the traffic has ended, by itself or by Ctrl-C; ends the demo when another process does.
demo_watch() {
  local status=0 simulator=${demo_pids[0]} gateway=${demo_pids[1]} traffic=${demo_pids[2]}
  while kill -0 "$traffic" 2>/dev/null; do
    kill -0 "$gateway" 2>/dev/null || demo_died 1
    kill -0 "$simulator" 2>/dev/null || demo_died 0
    [[ -z ${demo_interrupted:-} ]] || kill -INT "$traffic" 2>/dev/null || true
    wait -n "${demo_pids[@]}" || true  # until one ends or a signal comes
  done
  wait "$traffic" || status=$?
  demo_names=("${demo_names[@]:0:2}") demo_pids=("${demo_pids[@]:0:2}")
  [[ $status -eq 0 ]] || fail "the traffic generator ended with status $status"
}

demo_died() {
  tail -n 20 "$demo_dir/${demo_names[$1]}.log" >&2
  fail "the ${demo_names[$1]} ended too early; the end of its log is above"
}

# The gateway first, so that it finishes its calls while their provider still stands.
demo_stop() {
  local i status
  for i in 1 0; do
    status=0
    stop_process "${demo_pids[i]}" || status=$?
    [[ $status -eq 0 ]] || { tail -n 20 "$demo_dir/${demo_names[i]}.log" >&2; fail "the ${demo_names[i]} ended with status $status"; }
  done
  trap - EXIT
  say "stopped cleanly; a log line for each call is in $demo_dir/gateway.log"
}

# SIGTERM, and SIGKILL for what does not go; returns the status of the process.
stop_process() {
  local pid=$1 deadline=$((SECONDS + stop_seconds))
  kill -TERM "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [[ $SECONDS -lt $deadline ]]; do sleep 0.05; done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null
}

# Whatever went wrong, nothing stays behind.
demo_kill() {
  local pid
  for pid in "${demo_pids[@]}"; do stop_process "$pid" || true; done
}

port_in() { sed -n "s/.*\"$1\" *: *\([0-9]*\).*/\1/p" "$2"; }

# The port when nobody listens there, else 0: any free one.
free_port_or_any() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || (exec 3<>"/dev/tcp/::1/$1") 2>/dev/null; then
    say "port $1 is in use: taking a free one" >&2
    printf '0'
  else
    printf '%s' "$1"
  fi
}

help_demo() {
  cat <<'TEXT'
./dev demo [--seconds N] [--api-port N] [--metrics-port N]
  Builds the release and shows it at work: a simulated provider that speaks three dialects, the gateway in front of it
  on ports 9000 and 9050 (free ones where these are taken), and a traffic generator that makes labelled agents and calls
  for them, and prints the URLs, the token to sign in to the web UI with, and a table of calls, tokens, latencies and
  errors until Ctrl-C or for N seconds. Logs, data and the admin token are left in build/demo/.
TEXT
}

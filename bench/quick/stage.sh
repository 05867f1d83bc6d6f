# shellcheck shell=bash
# The processes of a comparison: the simulated provider, HAProxy, the gateway and its collector of spans. They listen on
# free ports of 127.0.0.1, keep their files in $stage_dir, and are gone when the script ends, however it ends.

stage_dir=''
stage_pids=()

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'bench: %s\n' "$*" >&2
  exit 1
}

# need_tools TOOL...: these, and what is measured.
need_tools() {
  local tool
  for tool in "$@"; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
  [[ -x $binary ]] || fail "$binary is missing: ./dev build"
}

# number OPTION VALUE: the value, if it is one.
number() {
  [[ ${2:-} =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 needs a whole number from 1 to 99999"
  printf '%s' "$2"
}

stage_open() {
  stage_dir=$(mktemp -d)
  trap stage_close EXIT
  trap 'exit 130' INT TERM
}

stage_close() {
  local status=$?
  trap '' INT TERM
  [[ ${#stage_pids[@]} -eq 0 ]] || kill "${stage_pids[@]}" 2>/dev/null || true
  wait
  [[ $status -eq 0 || $status -eq 130 ]] || tail -n 5 "$stage_dir"/*.err >&2 2>/dev/null || true
  rm -rf "$stage_dir"
}

# start NAME CORE COMMAND...: in the background, on that core; $started is its process.
start() {
  local name=$1 core=$2
  shift 2
  "${pin[@]/CORE/$core}" "$@" >>"$stage_dir/$name.out" 2>>"$stage_dir/$name.err" &
  started=$!
  stage_pids+=("$started")
}

# Below the range the kernel hands out by itself, so that none of our own connections takes it in the meantime.
free_port() {
  local port
  while port=$((RANDOM % 20000 + 10000)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  printf '%s' "$port"
}

# until_true SECONDS COMMAND...: whether it came true in time.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || return 1
    sleep 0.05
  done
}

accepts() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# http_get PORT PATH: the whole answer, head and body.
http_get() {
  local answer
  { exec {answer}<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || fail "nobody answers on port $1"
  printf 'GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n' "$2" >&"$answer"
  cat <&"$answer"
  exec {answer}>&-
}

# The number that a file of ports has under a name.
port_in() { sed -n "s/.*\"$2\": *\([0-9]*\).*/\1/p" "$1"; }

start_provider() {
  start provider "$provider_core" "$binary" simulate --bind 127.0.0.1 --journal 0 --ports-file "$stage_dir/provider.json"
  until_true 10 test -s "$stage_dir/provider.json" || fail "the simulated provider did not start"
  provider_port=$(port_in "$stage_dir/provider.json" simulator)
}

# start_haproxy NAME CORE CONFIG: $started and $started_port are its process and port.
start_haproxy() {
  started_port=$(free_port)
  start "$1" "$2" env BENCH_PORT="$started_port" BENCH_PROVIDER_PORT="$provider_port" haproxy -db -f "$3"
  until_true 10 accepts "$started_port" || fail "haproxy ($1) did not start"
}

# For localhost, trusted by nobody else: $stage_dir/cert.pem, and with its key BENCH_CERTIFICATE.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench \
    -addext subjectAltName=DNS:localhost -keyout "$stage_dir/key.pem" -out "$stage_dir/cert.pem" 2>/dev/null
  export BENCH_CERTIFICATE=$stage_dir/both.pem
  cat "$stage_dir/cert.pem" "$stage_dir/key.pem" >"$BENCH_CERTIFICATE"
}

# start_gateway NAME OPENAI_BASE_URL [SETTING=VALUE...]: one shard, with all telemetry as it is by default: metrics, an
# access log ($stage_dir/NAME.out), every span exported. $started, $started_port and $started_metrics_port are its own.
start_gateway() {
  local name=$1 url=$2 data=$stage_dir/$1
  shift 2
  start "$name" "$proxy_core" env -i ARCHESTRA_API_PORT=0 ARCHESTRA_METRICS_PORT=0 ARCHESTRA_BIND=127.0.0.1 \
    ARCHESTRA_THREADS=1 ARCHESTRA_DATA_DIR="$data" ARCHESTRA_OPENAI_BASE_URL="$url" \
    ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$collector_port" "$@" "$binary" serve
  until_true 10 test -s "$data/ports.json" || fail "the gateway ($name) did not start"
  started_port=$(port_in "$data/ports.json" api)
  started_metrics_port=$(port_in "$data/ports.json" metrics)
}

start_collector() {
  start_haproxy collector "$load_core" bench/quick/collector.cfg
  collector_port=$started_port
}

# The gateway that is measured, in front of the provider: $gateway_pid, $gateway_port, $metrics_port.
# shellcheck disable=SC2120  # bench/profile.sh has settings for it
start_measured_gateway() {
  start_gateway gateway "http://127.0.0.1:$provider_port/v1" "$@"
  gateway_pid=$started gateway_port=$started_port metrics_port=$started_metrics_port
}

start_all() {
  start_provider
  start_collector
  start_haproxy haproxy "$proxy_core" bench/quick/haproxy.cfg
  haproxy_pid=$started haproxy_port=$started_port
  # shellcheck disable=SC2119
  start_measured_gateway
}

# The first core is the proxy's alone, as far as we decide; the provider and the load share the rest.
choose_cores() {
  local list range
  local -a cores=()
  list=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
  for range in ${list//,/ }; do mapfile -t -O "${#cores[@]}" cores < <(seq "${range%-*}" "${range#*-}"); done
  proxy_core=${cores[0]} provider_core=${cores[1]:-} load_core=${cores[2]:-${cores[1]:-}}
  pin=(taskset -c CORE)
  [[ ${#cores[@]} -ge 2 ]] || pin=(env)
}

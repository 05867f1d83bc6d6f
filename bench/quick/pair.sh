# shellcheck shell=bash
# The gateway beside itself: two of them on the proxy's core, `plain` and another, both under load at once, so that what
# else the machine does hits both alike.

declare -A pids=() ports=() metrics_ports=()

pid_of() { printf '%s' "${pids[$1]}"; }
url_of() { printf 'http://127.0.0.1:%s/v1/openai/chat/completions' "${ports[$1]}"; }

# parse_pair_options OPTION...: --rounds, --seconds and --connections; `usage` prints the help.
parse_pair_options() {
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

# start_side NAME OPENAI_BASE_URL [SETTING=VALUE...]: a gateway.
start_side() {
  local side=$1 url=$2
  shift 2
  start_gateway "gateway-$side" "$url" "$@"
  # shellcheck disable=SC2034  # for whoever reads metrics
  pids[$side]=$started ports[$side]=$started_port metrics_ports[$side]=$started_metrics_port
}

measure_pair() {
  local plain
  local -a answers errors reading
  load_and_record plain "$2" "$3" &
  plain=$!
  load_and_record "$1" "$2" "$3"
  wait "$plain" || fail 'measuring the plain one failed'
}

# run_pair_rounds NAME: of `plain` and the other one, all workloads.
run_pair_rounds() {
  local round workload
  for ((round = 1; round <= rounds; ++round)); do
    for workload in json asked added; do measure_pair "$1" "$workload" "$round"; done
    say "round $round of $rounds"
  done
}

# print_pair_table NAME LIMIT: fails where a stream event costs more than LIMIT times as much as with the plain one.
print_pair_table() {
  awk -v names="$workload_names" -v other="$1" -v limit="$2" "$awk_median"'
    {
      cost[$1, $2, $3] = 1e6 * $7 / ($5 * $4)
      costs[$1, $2] = costs[$1, $2] " " cost[$1, $2, $3]
      segments[$1, $2] = segments[$1, $2] " " $8 / ($5 * $4)
      if ($3 > rounds) rounds = $3
    }
    END {
      printf "%-30s %10s %11s %8s   %s\n", "CPU time, medians", "plain", other, "ratio", "segments of each"
      count = split(names, rows, ";")
      for (i = 1; i <= count; ++i) {
        split(rows[i], row, "=")
        ratios = ""
        for (j = 1; j <= rounds; ++j) ratios = ratios " " cost[row[1], other, j] / cost[row[1], "plain", j]
        ratio = median(ratios)
        printf "%-30s %7.2f us %8.2f us %8.3f %10.2f %8.2f\n", row[2], median(costs[row[1], "plain"]),
          median(costs[row[1], other]), ratio, median(segments[row[1], "plain"]), median(segments[row[1], other])
        if (row[1] != "json" && ratio > limit) too_much = 1
      }
      exit too_much
    }' "$stage_dir/results"
}

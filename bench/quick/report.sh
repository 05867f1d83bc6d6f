# shellcheck shell=bash
# What was measured, as tables. The lines of results: workload, proxy, round, units a request, requests, seconds,
# CPU seconds, TCP segments, VmRSS and VmHWM in kB.

workload_names='json=JSON request;asked=stream event, usage asked;added=stream event, usage added'

# For programs of awk: the median of the numbers in a text; sets least and most.
awk_median='
  function median(list,   n, i, j, swap, value) {
    n = split(list, value, " ")
    for (i = 1; i < n; ++i) for (j = i + 1; j <= n; ++j)
      if (value[j] + 0 < value[i] + 0) { swap = value[i]; value[i] = value[j]; value[j] = swap }
    least = value[1]; most = value[n]
    return n % 2 ? value[(n + 1) / 2] : (value[n / 2] + value[n / 2 + 1]) / 2
  }'

print_setting() {
  local kernel
  kernel=$(uname -sr)
  cat <<TEXT
$("$binary" version), $(haproxy -v | sed -n 's/^HAProxy version \([^ ]*\).*/HAProxy \1/p'), $(wrk -v 2>&1 | sed -n 's/ \[.*//p' | head -n 1), $kernel, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
proxy on core ${proxy_core}, simulated provider on ${provider_core:-the same}, wrk and collector on ${load_core:-the same}; one thread each, one shard
$connections connections, kept alive on both sides; $rounds rounds of $seconds s after warming up, $([[ ${together:-no} == no ]] && echo 'in turns' || echo 'both at once on the one core')
requests of $(wc -c <"$stage_dir/json.body") bytes; JSON answers of 1000 bytes; streams of $stream_tokens tokens, $stream_interval_ms ms apart
gateway: metrics, access log to a file, all spans to a collector; HAProxy: http-no-delay, http-reuse always, no log
TEXT
}

print_tables() {
  awk -v names="$workload_names" "$awk_median"'
    {
      key = $1 SUBSEP $2
      us = 1e6 * $7 / ($5 * $4)
      cost[$1, $2, $3] = us
      costs[key] = costs[key] " " us
      rates[key] = rates[key] " " $5 * $4 / $6
      busy[key] = busy[key] " " 100 * $7 / $6
      segments[key] = segments[key] " " $8 / ($5 * $4)
      if ($9 > resident[key]) resident[key] = $9
      if ($10 > peak[$2]) peak[$2] = $10
      if ($3 > rounds) rounds = $3
    }
    END {
      print "CPU time, medians                 HAProxy    gateway    ratio    lowest - highest    rounds"
      count = split(names, rows, ";")
      for (i = 1; i <= count; ++i) {
        split(rows[i], row, "=")
        ratios = ""
        for (j = 1; j <= rounds; ++j) ratios = ratios " " cost[row[1], "gateway", j] / cost[row[1], "haproxy", j]
        printf "%-30s %7.2f us %7.2f us", row[2], median(costs[row[1], "haproxy"]), median(costs[row[1], "gateway"])
        ratio = median(ratios)
        printf " %8.3f %9.3f - %-7.3f %8d\n", ratio, least, most, rounds
      }
      print ""
      print "under way                         proxy        per second   core busy   segments   VmRSS"
      for (i = 1; i <= count; ++i) {
        split(rows[i], row, "=")
        for (j = 1; j <= 2; ++j) {
          proxy = j == 1 ? "haproxy" : "gateway"
          key = row[1] SUBSEP proxy
          printf "%-33s %-9s %13.0f %9.0f %% %10.2f %7.1f MB\n", row[2], proxy, median(rates[key]), median(busy[key]),
            median(segments[key]), resident[key] / 1024
        }
      }
      print ""
      printf "peak memory (VmHWM): HAProxy %.1f MB, gateway %.1f MB\n", peak["haproxy"] / 1024, peak["gateway"] / 1024
    }' "$stage_dir/results"
}

# Segments of an event: one from the provider, one from the proxy. Fewer means that a proxy sent events together: a
# busy machine makes both do so now and then, one that does it as a rule has cheaper events and no fair figure.
check_separate_events() {
  [[ $together == no ]] || return 0  # segments are the machine's, so of both
  awk '$1 != "json" && $8 / ($5 * $4) < 1.8 { ++together }
    END { if (together) print "note: " together " of " NR " measurements had less than 1.8 segments an event, not 2: " \
      "the machine is busy, events were sent together" }' "$stage_dir/results"
}

// What is recorded and what alarms, as data: generate.mjs makes rules/*.yml of it.

/**
 * The service level objectives. Change them here and run generate.mjs again.
 *
 * availability: of the calls that are judged, the share that ends well. Judged are calls that were completed, and those
 * that failed through no fault of the client: an unreachable, silent or truncating provider, its answers from 500 on
 * and its errors in a stream, and the gateway's own refusals (overload, drain limit, internal errors). Not judged are clients
 * that left, requests that the gateway refused as invalid, and the provider's answers from 400 to 499, 429 too.
 *
 * firstToken: of the streams that brought a token, the share whose first one came within `seconds`, which has to be a
 * bound of llm_time_to_first_token_seconds. Streams that brought none are for availability to judge.
 */
export const objectives = {
  availability: { target: 0.995, days: 30 },
  firstToken: { target: 0.95, seconds: 3, days: 30 },
};

/**
 * Budgets are watched in two windows at once: the long one says that it matters, the short one that it still goes on.
 * `burn` is how many times faster than allowed the budget is used up; at 14.4 two days last for a month's.
 */
const burns = {
  fast: [
    { long: '1h', short: '5m', burn: 14.4 },
    { long: '6h', short: '30m', burn: 6 },
  ],
  slow: [
    { long: '1d', short: '2h', burn: 3 },
    { long: '3d', short: '6h', burn: 1 },
  ],
};

/** Fewer failures than this in five minutes wake nobody up. */
const failuresMin = 3;

/** Prometheus' job of the gateways, as in prometheus.yml. */
const job = 'archestra-backend';

const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'];
const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 };
const secondsOf = (window) => Number(window.slice(0, -1)) * unitSeconds[window.at(-1)];

/**
 * All rules. `scale` shortens every window and every wait: 1 / 120 makes 2.5 s of five minutes; names stay.
 * `runbooks` is where the pages of docs/runbooks are.
 */
export function rules({ scale = 1, runbooks = 'docs/runbooks' } = {}) {
  const w = (window) => (scale === 1 ? window : `${Math.max(1, Math.round(secondsOf(window) * scale * 1000))}ms`);
  const perSecond = `${failuresMin} / ${secondsOf('5m')}`;
  return {
    recording: [calls(w), budget('availability', w), budget('first_token', w), others(w)],
    alerts: [
      { name: 'archestra-objectives', rules: objectiveAlerts(w, perSecond) },
      { name: 'archestra-traffic', rules: trafficAlerts(w, perSecond) },
      { name: 'archestra-gateway', rules: gatewayAlerts(w, (window) => secondsOf(window) * scale) },
    ].map(({ name, rules: all }) => ({
      name,
      rules: all.map(({ alert, annotations, ...rule }) => ({
        alert,
        ...rule,
        annotations: { ...annotations, runbook_url: `${runbooks}/${alert}.md` },
      })),
    })),
  };
}

const sum = (by, vector) => `sum by (${by}) (${vector})`;

function calls(w) {
  const rate = 'archestra:llm_calls:rate5m';
  const by = 'job, provider';
  const none = `0 * ${sum(by, rate)}`;
  const ended = (outcomes) => `${rate}{outcome${outcomes.includes('|') ? '=~' : '='}"${outcomes}"}`;
  const late = `le=~"${objectives.firstToken.seconds}([.]0)?"`;
  return {
    name: 'archestra-calls',
    rules: [
      {
        record: rate,
        comment:
          'LLM calls a second, by how they ended: as llm_requests_total has them, from fewer series. What a new series begins with is nothing that rate() sees.',
        expr: sum('job, provider, outcome', `rate(llm_accounting_finalized_total[${w('5m')}])`),
      },
      {
        record: 'archestra:provider_errors:rate5m',
        comment:
          "Provider's errors less those with a status from 400 to 499. Tries that were repeated after a 429 count too (ARCHESTRA_RETRIES), so that it may be a little too small with them.",
        expr: `clamp_min(
  ${sum(by, ended('upstream_error'))}
    - (
        ${sum(by, `rate(llm_request_duration_seconds_count{status_code=~"4.."}[${w('5m')}])`)}
        or ${none}
      ),
  0
)`,
      },
      {
        record: 'archestra:provider_calls_failed:rate5m',
        comment: 'Calls a second that failed through their provider, or on the way to it.',
        expr: `(
  ${sum(by, ended('upstream_unreachable|upstream_timeout|upstream_truncated'))}
  or ${none}
)
+ (archestra:provider_errors:rate5m or ${none})`,
      },
      {
        record: 'archestra:provider_failures:ratio_rate5m',
        comment: 'The share of those among the calls of the provider that were completed or failed through it.',
        expr: `archestra:provider_calls_failed:rate5m
/ (
  (${sum(by, ended('completed'))} or ${none})
  + archestra:provider_calls_failed:rate5m
)`,
      },
      {
        record: 'archestra:llm_calls_failed:rate5m',
        comment: 'Calls a second that failed through no fault of their client.',
        expr: `${sum('job', 'archestra:provider_calls_failed:rate5m')}
  + (
      ${sum('job', ended('refused_overload|shutdown|internal_error'))}
      or 0 * ${sum('job', rate)}
    )`,
      },
      {
        record: 'archestra:llm_calls_judged:rate5m',
        comment: 'Calls a second that the objective of availability is about.',
        expr: `(${sum('job', ended('completed'))} or 0 * ${sum('job', rate)})
  + archestra:llm_calls_failed:rate5m`,
      },
      {
        record: 'archestra:first_tokens:rate5m',
        comment: 'Streams a second that brought a first token.',
        expr: sum('job', `rate(llm_time_to_first_token_seconds_count[${w('5m')}])`),
      },
      {
        record: 'archestra:first_tokens_late:rate5m',
        comment: `Those whose first token took more than ${objectives.firstToken.seconds} s.`,
        expr: `archestra:first_tokens:rate5m
  - ${sum('job', `rate(llm_time_to_first_token_seconds_bucket{${late}}[${w('5m')}])`)}`,
      },
    ],
  };
}

/** The share of the budget's events that are bad, over each window: a sum of rates, so that calls have equal weight. */
function budget(name, w) {
  const [bad, all] = {
    availability: ['archestra:llm_calls_failed:rate5m', 'archestra:llm_calls_judged:rate5m'],
    first_token: ['archestra:first_tokens_late:rate5m', 'archestra:first_tokens:rate5m'],
  }[name];
  const over = (series, window) => (window === '5m' ? series : `sum_over_time(${series}[${w(window)}])`);
  return {
    name: `archestra-${name.replace('_', '-')}-budget`,
    rules: windows.map((window) => ({
      record: `archestra:${name}_errors:ratio_rate${window}`,
      expr: `${over(bad, window)} / ${over(all, window)}`,
    })),
  };
}

function others(w) {
  const instance = 'job, instance';
  return {
    name: 'archestra-others',
    rules: [
      {
        record: 'archestra:blocked_tool_calls:rate5m',
        comment: 'Tool calls a second that policies kept from clients, by agent.',
        expr: sum('job, agent_id, agent_name', `rate(llm_blocked_tool_total[${w('5m')}])`),
      },
      {
        record: 'archestra:accounting_drift:calls',
        comment: 'LLM calls that were begun, and are neither closed nor in flight: none, but for what changes while a page is written.',
        expr: `${sum(instance, 'llm_accounting_started_total')}
  - ${sum(instance, 'llm_accounting_finalized_total')}
  - ${sum(instance, 'llm_requests_in_flight')}`,
      },
    ],
  };
}

const percent = (share) => `${Number((share * 100).toFixed(3))} %`;
const value = '{{ $value | humanizePercentage }}';

function objectiveAlerts(w, perSecond) {
  const expr = (name, pairs, target, enough) =>
    pairs
      .map(({ long, short, burn }) => {
        const limit = `${burn} * (1 - ${target})`;
        const ratio = (window) => `archestra:${name}_errors:ratio_rate${window}`;
        const conditions = [`${ratio(long)} > ${limit}`, `${ratio(short)} > ${limit}`];
        if (enough) conditions.push(`${enough} > ${perSecond}`);
        return `(\n  ${conditions.join('\n  and ')}\n)`;
      })
      .join('\nor\n');
  const { availability, firstToken } = objectives;
  return [
    {
      alert: 'ArchestraAvailabilityBurnFast',
      expr: expr('availability', burns.fast, availability.target, 'archestra:llm_calls_failed:rate5m'),
      for: w('2m'),
      labels: { severity: 'critical' },
      annotations: {
        summary: 'LLM calls fail so often that the error budget will be used up within days',
        description: `${value} of the LLM calls fail through no fault of their clients; the objective allows ${percent(1 - availability.target)} in ${availability.days} days.`,
      },
    },
    {
      alert: 'ArchestraAvailabilityBurnSlow',
      expr: expr('availability', burns.slow, availability.target),
      for: w('15m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'LLM calls fail somewhat too often, and have for long',
        description: `${value} of the LLM calls fail through no fault of their clients; the objective allows ${percent(1 - availability.target)} in ${availability.days} days.`,
      },
    },
    {
      alert: 'ArchestraFirstTokenBurnFast',
      expr: expr('first_token', burns.fast, firstToken.target, 'archestra:first_tokens_late:rate5m'),
      for: w('2m'),
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Streams begin so late that the error budget will be used up within days',
        description: `${value} of the streams bring their first token after more than ${firstToken.seconds} s; the objective allows ${percent(1 - firstToken.target)} in ${firstToken.days} days.`,
      },
    },
    {
      alert: 'ArchestraFirstTokenBurnSlow',
      expr: expr('first_token', burns.slow, firstToken.target),
      for: w('15m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Streams begin somewhat too late, and have for long',
        description: `${value} of the streams bring their first token after more than ${firstToken.seconds} s; the objective allows ${percent(1 - firstToken.target)} in ${firstToken.days} days.`,
      },
    },
  ];
}

function trafficAlerts(w, perSecond) {
  const stalls = sum('job, provider, model', `rate(llm_stream_stalls_total[${w('15m')}])`);
  const streams = sum('job, provider, model', `rate(llm_time_to_first_token_seconds_count[${w('15m')}])`);
  const blocked = 'archestra:blocked_tool_calls:rate5m';
  return [
    {
      alert: 'ArchestraProviderDown',
      expr: `archestra:provider_failures:ratio_rate5m > 0.5
and archestra:provider_calls_failed:rate5m > ${perSecond}`,
      for: w('2m'),
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Most calls to {{ $labels.provider }} fail',
        description: `${value} of the calls to {{ $labels.provider }} find it unreachable, silent, broken off, or answering with errors of its own.`,
      },
    },
    {
      alert: 'ArchestraStreamsStall',
      expr: `${stalls}
  / ${streams}
  > 0.1
and ${sum('job, provider, model', `increase(llm_stream_stalls_total[${w('15m')}])`)} >= 5`,
      for: w('5m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Streams of {{ $labels.model }} stand still',
        description:
          '{{ $value | printf "%.2f" }} times a stream, {{ $labels.provider }} brings no token of {{ $labels.model }} for more than a second.',
      },
    },
    {
      alert: 'ArchestraBlockedToolSpike',
      expr: `${blocked} > 5 * (avg_over_time(${blocked}[${w('1d')}] offset ${w('10m')}) or 0 * ${blocked})
and ${blocked} > 10 / ${secondsOf('5m')}`,
      for: w('2m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Policies block many tool calls of {{ $labels.agent_name }}',
        description:
          '{{ $value | printf "%.2f" }} tool calls a second of {{ $labels.agent_name }} are blocked, more than five times what was usual in the day before.',
      },
    },
  ];
}

function gatewayAlerts(w, seconds) {
  const instance = 'job, instance';
  const broken = 'llm_requests_total{outcome="internal_error"}';
  return [
    {
      alert: 'ArchestraDown',
      expr: `up{job="${job}"} == 0 or absent(up{job="${job}"})`,
      for: w('2m'),
      labels: { severity: 'critical' },
      annotations: {
        summary: 'The gateway{{ with $labels.instance }} {{ . }}{{ end }} gives no metrics',
        description: 'Prometheus gets no answer from /metrics, so that no other alert can say anything about this gateway.',
      },
    },
    {
      alert: 'ArchestraInternalErrors',
      comment: 'Not increase(): the series begins with the first error, which increase() would not see.',
      expr: `${sum(instance, broken)}
  - (
      ${sum(instance, `${broken} offset ${w('10m')}`)}
      or 0 * ${sum(instance, broken)}
    )
  > 0`,
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The gateway {{ $labels.instance }} made a mistake of its own',
        description: '{{ $value }} LLM calls ended as internal_error, which none ever should.',
      },
    },
    {
      alert: 'ArchestraAccountingDrift',
      comment: 'A page is not written in a single moment, so a difference that comes and goes is none.',
      expr: `min_over_time(archestra:accounting_drift:calls[${w('10m')}]) > 0
or max_over_time(archestra:accounting_drift:calls[${w('10m')}]) < 0`,
      for: w('5m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The gateway {{ $labels.instance }} lost count of its LLM calls',
        description: '{{ $value }} LLM calls were begun, and are neither closed nor in flight.',
      },
    },
    {
      alert: 'ArchestraTelemetryDropped',
      comment: 'no_collector: nobody has named one, so nobody misses what it would have got.',
      expr: `${sum(`${instance}, signal, reason`, `increase(telemetry_dropped_total{reason!="no_collector"}[${w('10m')}])`)} > 0`,
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The gateway {{ $labels.instance }} gives up {{ $labels.signal }}',
        description: '{{ $value | printf "%.0f" }} records were given up in ten minutes: {{ $labels.reason }}. Metrics are complete.',
      },
    },
    {
      alert: 'ArchestraTelemetryUnsent',
      comment: 'What waits for a collector that nobody has named waits in memory alone, and is of no concern.',
      expr: `max by (${instance}, signal) (telemetry_oldest_unsent_seconds) > ${seconds('15m')}
and
max by (${instance}, signal) (telemetry_spool_bytes) > 0`,
      for: w('5m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The collector does not take the {{ $labels.signal }} of {{ $labels.instance }}',
        description: 'The oldest that waits was made {{ $value | humanizeDuration }} ago. It waits on the disk, as long as there is room.',
      },
    },
    {
      alert: 'ArchestraLabelSetsFolded',
      expr: `${sum(instance, `increase(telemetry_folded_calls_total[${w('15m')}])`)} > 0`,
      for: w('5m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The metrics of {{ $labels.instance }} have no room for another label set',
        description:
          '{{ $value | printf "%.0f" }} LLM calls in 15 minutes were counted under __overflow__ instead of their agent and model.',
      },
    },
    {
      alert: 'ArchestraPolicySetFailing',
      expr: `max by (${instance}) (policy_set_failing) > 0`,
      for: w('5m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The policies of {{ $labels.instance }} cannot be used',
        description: 'What is in the store makes no set of policies, so that an older one stays in force.',
      },
    },
    {
      alert: 'ArchestraStoreFailing',
      expr: `${sum(`${instance}, operation`, `increase(store_operations_total{result="error"}[${w('10m')}])`)} > 0`,
      for: w('1m'),
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The store of {{ $labels.instance }} fails',
        description: '{{ $value | printf "%.0f" }} operations ({{ $labels.operation }}) failed in ten minutes. LLM calls go on without it.',
      },
    },
  ];
}

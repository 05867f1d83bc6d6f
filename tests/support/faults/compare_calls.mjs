// Call by call: what the client saw, what the provider saw, the log line and the spans have to tell one story.
//
// Where two of them may rightly differ is said here, and nowhere else:
//
// - A client that left. The gateway may have noticed before it read the request (no trace of the call at all: "unseen"),
//   while the answer came (client_cancelled, status 499), or after it had handed over the last byte (any other outcome;
//   then the provider's side has to justify it like that of a client that stayed). The bytes that the client got are at
//   most those that the log has.
// - An answer that was broken off by a reset: what is on its way then is lost, so the client has at most the bytes of the
//   log. The same between provider and gateway: a try may lack the status of a head that a reset destroyed.
// - A try that the gateway gave up (its client left, a limit of time): the provider may have seen the request or not, and
//   may have answered what nobody took.
// - A try for which there was no connection (upstream_unreachable, refused_overload), or whose request was broken off
//   (invalid_request): the provider may not have seen it.
// - A GET on a kept connection that the provider closes without a byte is sent again on another one, as the same try (RFC
//   9112 section 9.3.1): there the provider saw it twice.
// - A connection that the provider breaks at the very end of a body of announced length: it is whole, unless a reset
//   destroyed what was on its way.
// - A provider that announces less than it sends: what the announced length leaves is a whole answer, but no JSON. The
//   gateway knows nothing of it, and where a policy could block a tool call it refuses it. Tokens and tool calls are not
//   compared.

import { SpanKind } from '../collector.mjs';
import { operations } from './operations.mjs';
import { deadProviders } from './plans.mjs';

/** What the README says of x-archestra-error, as far as a run can meet it. */
const outcomesOfErrors = {
  invalid_request: [
    'bad_request',
    'request_timeout',
    'body_too_large',
    'uri_too_long',
    'head_too_large',
    'agent_not_found',
    'operation_not_checked',
    'history_not_readable',
  ],
  refused_overload: ['overloaded'],
  upstream_unreachable: ['connection_refused', 'upstream_unreachable'],
  upstream_timeout: ['connect_timeout', 'first_byte_timeout', 'idle_timeout', 'total_timeout'],
  upstream_truncated: ['upstream_truncated', 'upstream_malformed'],
};
const outcomeOfError = new Map(
  Object.entries(outcomesOfErrors).flatMap(([outcome, codes]) => codes.map((code) => [code, outcome])),
);

const givenUp = ['client_cancelled', 'upstream_timeout', 'shutdown'];

export const names = {
  line: 'calls: one log line each',
  server: 'calls: one SERVER span each, none where not sampled',
  client: 'calls: one CLIENT span for each try',
  same: 'log line and SERVER span: outcome, status, route, session, error, duration',
  last: 'log line and last CLIENT span: outcome, tokens',
  agent: 'log line and request: agent, session',
  tries: 'provider and CLIENT spans: each request that the provider saw is one try, with its status',
  seen: 'CLIENT spans and provider: each status was sent by the provider',
  status: 'client and log line: status and reason',
  bytes: 'client and log line: bytes of the answer',
  outcome: 'client, provider and log line: outcome',
  providerTokens: 'provider and log line: tokens',
  clientTokens: 'client and log line: tokens',
  tools: 'client and log line: blocked tool calls',
  unsent: 'what was no call: no line, no span, nothing at the provider',
};

/**
 * `views` of Traffic, `lines` parsed, `spans` of SpanFile, `entries` of the simulator's file; {unseen} is how many calls
 * nobody saw.
 */
export function compareCalls(checks, { views, lines, spans, entries }) {
  checks.expect(...Object.values(names));
  const linesOf = Map.groupBy(lines, (line) => line.trace_id);
  const spansOf = Map.groupBy(spans, (span) => span.traceId);
  const entriesOf = Map.groupBy(entries, (entry) => entry.traceparent.slice(3, 35));
  let unseen = 0;
  for (const view of views) {
    const { traceId } = view.plan;
    const call = new Call(checks, view, {
      lines: linesOf.get(traceId) ?? [],
      spans: spansOf.get(traceId) ?? [],
      entries: entriesOf.get(traceId) ?? [],
    });
    if (call.compare() === 'unseen') unseen += 1;
  }
  return { unseen };
}

class Call {
  constructor(checks, view, { lines, spans, entries }) {
    this.checks = checks;
    this.view = view;
    this.plan = view.plan;
    this.lines = lines;
    this.line = lines[0];
    this.server = spans.filter(({ kind }) => kind === SpanKind.SERVER);
    this.clients = spans
      .filter(({ kind }) => kind === SpanKind.CLIENT)
      .sort(
        (a, b) => (a.attributes['http.request.resend_count'] ?? 0) - (b.attributes['http.request.resend_count'] ?? 0),
      );
    this.entries = entries.sort((a, b) => a.sequence - b.sequence);
  }

  compare() {
    const { view, line } = this;
    if (view.end === 'unsent' || view.end === 'no connection') {
      this.that('unsent', this.lines.length + this.server.length + this.clients.length + this.entries.length === 0);
      return undefined;
    }
    if (view.end === 'left' && view.status === undefined && !line) {
      this.that('unsent', this.server.length + this.clients.length + this.entries.length === 0);
      return 'unseen';
    }
    this.that('line', this.lines.length === 1);
    if (!line) return undefined;
    this.that('server', this.server.length === (this.plan.isSampled ? 1 : 0));
    this.that('client', this.clients.length === (this.plan.isSampled ? line.tries : 0));
    if (this.server.length === 1) this.compareSpans(this.server[0]);
    this.compareTries();
    this.compareAnswer();
    this.compareOutcome();
    this.compareTokens();
    return undefined;
  }

  that(name, holds) {
    this.checks.that(names[name], holds, () => this.text());
  }

  compareSpans(server) {
    const { line, plan } = this;
    const { attributes } = server;
    const spanMs = Number(BigInt(server.end) - BigInt(server.start)) / 1e6;
    this.that(
      'same',
      attributes['archestra.outcome'] === line.outcome &&
        attributes['http.response.status_code'] === line.status_code &&
        attributes['http.route'] === line.route &&
        attributes['session.id'] === line.session_id &&
        attributes['error.type'] === line.error_type &&
        Math.abs(spanMs - line.duration_ms) < 0.0011 &&
        server.parentSpanId === plan.parentSpanId,
    );
    const last = this.clients.at(-1)?.attributes;
    if (last) {
      const isTold = line.usage_provenance === 'provider';
      // A client that left while the next try was waited for: the last one had its own end.
      const ownEnd = givenUp.includes(line.outcome) && last['archestra.outcome'] !== 'completed';
      this.that(
        'last',
        (last['archestra.outcome'] === line.outcome || ownEnd) &&
          last['gen_ai.usage.input_tokens'] === (isTold ? line.input_tokens : undefined) &&
          last['gen_ai.usage.output_tokens'] === (isTold ? line.output_tokens : undefined) &&
          this.clients.every(({ parentSpanId }) => parentSpanId === server.spanId) &&
          this.clients.every(({ attributes: own }, i) => (own['http.request.resend_count'] ?? 0) === i),
      );
    }
    this.that(
      'agent',
      line.session_id === plan.session && (!this.view.agentId || !line.agent_id || line.agent_id === this.view.agentId),
    );
  }

  compareTries() {
    const { line, plan, entries } = this;
    if (!plan.isSampled) {
      this.that('tries', new Set(entries.map(({ traceparent }) => traceparent)).size <= line.tries);
      return;
    }
    const spanOf = new Map(this.clients.map((client) => [client.spanId, client.attributes]));
    for (const entry of entries) {
      const own = spanOf.get(entry.traceparent.slice(36, 52));
      const status = own?.['http.response.status_code'] ?? 0;
      const isLost =
        status === 0 && (givenUp.includes(own?.['archestra.outcome']) || plan.fault === 'a reset in mid-body');
      this.that('tries', own !== undefined && (status === entry.status || isLost));
    }
    for (const { spanId, attributes } of this.clients) {
      const status = attributes['http.response.status_code'];
      const sent = entries.filter(({ traceparent }) => traceparent.slice(36, 52) === spanId);
      if (plan.method === 'GET' && sent.length === 2 && sent[0].status === 0) sent.shift();
      if (status !== undefined) this.that('seen', sent.length === 1 && sent[0].status === status);
      else
        this.that(
          'seen',
          sent.length === 1 ||
            [...givenUp, 'upstream_unreachable', 'invalid_request', 'refused_overload'].includes(
              attributes['archestra.outcome'],
            ),
        );
    }
  }

  compareAnswer() {
    const { view, line } = this;
    if (view.end === 'left') {
      this.that('status', line.status_code === 499 || view.status === undefined || line.status_code === view.status);
      this.that('bytes', (view.bytes ?? 0) <= line.response_bytes);
      return;
    }
    this.that(
      'status',
      line.status_code === view.status && (view.errorCode === undefined || line.error_type === view.errorCode),
    );
    this.that('bytes', view.end === 'whole' ? view.bytes === line.response_bytes : view.bytes <= line.response_bytes);
  }

  /** What the outcome has to be, by those who are not the gateway. */
  compareOutcome() {
    this.that('outcome', this.acceptableOutcomes().includes(this.line.outcome));
  }

  acceptableOutcomes() {
    const { view, entries, plan } = this;
    if (view.end === 'left') return ['client_cancelled', ...this.outcomesBySide()];
    if (view.end === 'none') return [];
    if (view.errorCode !== undefined) return [outcomeOfError.get(view.errorCode)];
    if (view.end === 'cut') return ['upstream_truncated', 'upstream_timeout'];
    if (entries.length === 0) return []; // somebody must have answered
    return this.outcomesBySide();
  }

  /** What follows from what the provider sent last. */
  outcomesBySide() {
    const { entries, plan, view } = this;
    const last = entries.at(-1);
    if (!last) return Object.keys(outcomesOfErrors);
    if (last.status >= 400)
      return view.end === 'whole' ? ['upstream_error'] : ['upstream_error', 'upstream_truncated', 'upstream_timeout'];
    if (last.status === 0) return ['upstream_truncated', 'upstream_timeout'];
    if (plan.fault === 'an error event' && last.events_sent > Number(plan.headers['x-sim-error-event']))
      return ['upstream_error'];
    if (plan.fault === 'a length too short') return ['completed', 'upstream_truncated'];
    const brokeBehindBody = !last.whole && !last.stream && last.events_sent === 1;
    if (brokeBehindBody) return ['completed', 'upstream_truncated'];
    if (last.whole && view.end === 'whole') return plan.fault === 'a length too long' ? [] : ['completed'];
    if (last.whole) return ['completed', 'upstream_truncated', 'upstream_timeout'];
    return ['upstream_truncated', 'upstream_timeout'];
  }

  compareTokens() {
    const { line, view, entries, plan } = this;
    const told = entries.at(-1)?.usage;
    const operation = operations[plan.operation];
    if (plan.fault === 'a length too short') return;
    if (line.usage_provenance === 'provider') {
      this.that(
        'providerTokens',
        told != null &&
          line.input_tokens === told.input_tokens + told.tool_input_tokens &&
          line.output_tokens === told.output_tokens &&
          line.cache_read_tokens === told.cache_read_tokens &&
          line.cache_write_tokens === told.cache_write_tokens &&
          line.reasoning_tokens === told.reasoning_tokens,
      );
    } else {
      // Nobody knows them, so the provider cannot have told them in an answer that came whole.
      const isKnown = line.outcome === 'completed' && told != null && !operation.tellsNone;
      this.that('providerTokens', !isKnown);
    }
    if (view.usage && line.outcome === 'completed')
      this.that(
        'clientTokens',
        line.usage_provenance === 'provider' &&
          view.usage.input === line.input_tokens &&
          view.usage.output === line.output_tokens,
      );
    else if (
      line.outcome === 'completed' &&
      view.end === 'whole' &&
      view.status === 200 &&
      operation.usage &&
      !view.isUnreadable
    )
      this.that('clientTokens', line.usage_provenance !== 'provider' || line.blocked_tool_calls > 0);
    if (view.callsTools !== undefined && line.outcome === 'completed' && plan.tool)
      this.that('tools', view.callsTools === (line.tool_calls > 0 && !line.blocked_tool_calls));
  }

  text() {
    const { view, plan, line } = this;
    const { began, ended, plan: _plan, ...seen } = view;
    const call = {
      ...seen,
      ms: ended - began,
      operation: plan.operation,
      fault: plan.fault,
      manner: plan.manner,
      prefix: deadProviders.includes(plan.prefix) ? plan.prefix : undefined,
      sim: simOf(plan),
    };
    const clients = this.clients.map(({ spanId, attributes }) => ({ spanId, ...attributes }));
    return JSON.stringify({
      call,
      line: this.lines.length === 1 ? line : this.lines,
      server: this.server.map(({ attributes }) => attributes),
      clients,
      entries: this.entries,
    });
  }
}

const simOf = ({ headers }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-sim-')));

// A gateway between a scripted upstream and a collector, and the question every test of a call asks: what do metrics,
// spans and log say about it, do they say it exactly once, and do they agree?

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { exchange } from './client.mjs';
import { Collector, SpanKind } from './collector.mjs';
import { Gateway } from './gateway.mjs';
import { answerOf, clientSpanStatus } from './outcome_table.mjs';
import { until } from './until.mjs';
import { Upstream } from './upstream.mjs';

export const chatPath = '/v1/openai/chat/completions';

export class Scene {
  gateway;
  upstream;
  collector;
  #cases = 0;
  #observed = []; // {trace, tries} of every call

  /** `openaiBaseUrl` replaces the scripted upstream; `env` and `secure` go to the gateway. */
  static async start({ openaiBaseUrl, env, secure } = {}) {
    const scene = new Scene();
    scene.upstream = await Upstream.start();
    scene.collector = await Collector.start();
    scene.gateway = await Gateway.start({
      openaiBaseUrl: openaiBaseUrl ?? scene.upstream.baseUrl(),
      otlpEndpoint: scene.collector.endpoint,
      env,
      secure,
    });
    return scene;
  }

  async stop() {
    try {
      await this.gateway.stop();
    } finally {
      await this.discard();
    }
    this.#assertNothingMore();
  }

  /** Where the gateway has ended already. */
  async discard() {
    await this.gateway.discard();
    await this.upstream.stop();
    await this.collector.stop();
  }

  /** Registers what the upstream does under a fresh case name, which goes into `x-case`; see Upstream.on and onHead. */
  script(act, headAct) {
    this.#cases += 1;
    const name = `case-${this.#cases}`;
    if (act) this.upstream.on(name, act);
    if (headAct) this.upstream.onHead(name, headAct);
    return name;
  }

  /** Posts a body to a chat route with whatever identifies the case and the trace; answers the response. */
  post(headers, body, { path = chatPath } = {}) {
    const content = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return exchange(this.gateway.apiPort, 'POST', path, {
      secure: this.gateway.secure,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: content,
    });
  }

  /**
   * Runs act(headers), which makes one LLM call with these headers, and returns {result, record}: what act returned,
   * and what was recorded of the call. `upstream` is the script of the upstream, `upstreamHead` what it does when it has
   * only the head (Upstream.onHead); `tries` the exchanges expected.
   */
  async observe(act, { upstream, upstreamHead, tries = 1, headers = {} } = {}) {
    const trace = newTrace();
    const own = { ...headers, traceparent: trace.traceparent };
    if (upstream || upstreamHead) own['x-case'] = this.script(upstream, upstreamHead);
    const before = await this.#quiet(); // an earlier call has its answer before it has its record
    const result = await act(own);
    this.#observed.push({ trace, tries });
    return { result, record: await this.#record(trace, before, tries), caseName: own['x-case'] };
  }

  /** The metrics while no call is under way. */
  async #quiet() {
    let metrics;
    await until('no call in flight', async () => {
      metrics = await this.gateway.scrape();
      return metrics.sum('llm_requests_in_flight') === 0;
    });
    return metrics;
  }

  // After the gateway's end nothing is on its way any more, so what is one now was never two.
  #assertNothingMore() {
    assert.deepEqual(this.collector.faults, []);
    const broken = this.gateway.accessLog.filter(({ outcome }) => outcome === 'internal_error');
    assert.deepEqual(broken, [], 'a belief of the gateway broke');
    for (const { trace, tries } of this.#observed) {
      assert.equal(this.collector.spansOf(trace.traceId).length, 1 + tries, `spans of trace ${trace.traceId}`);
      only(this.gateway.linesOf(trace.traceId), `log lines of trace ${trace.traceId}`);
    }
  }

  async #record(trace, before, tries) {
    const spans = () => this.collector.spansOf(trace.traceId);
    const lines = () => this.gateway.linesOf(trace.traceId);
    let after;
    await until('the metrics of a call', async () => {
      after = await this.#quiet();
      return after.since(before, 'llm_requests_total') > 0;
    });
    await until('the log line of a call', () => lines().length > 0);
    await until('the spans of a call', () => spans().length > tries);
    return new Record({ trace, before, after, spans: spans(), lines: lines(), tries });
  }
}

/** What one call left behind. Made only where there is exactly one of everything and all agree. */
export class Record {
  constructor({ trace, before, after, spans, lines, tries }) {
    this.metrics = { before, after };
    this.log = only(lines, 'log lines');
    this.server = only(spans.filter(({ kind }) => kind === SpanKind.SERVER), 'SERVER spans');
    this.clients = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
    this.client = this.clients.at(-1);
    assert.equal(spans.length, 1 + tries, 'spans of the call');
    assert.equal(this.clients.length, tries, 'CLIENT spans of the call');
    assert.equal(this.server.parentSpanId, trace.parentSpanId);
    for (const client of this.clients) assertInside(client, this.server);
    this.requests = only(after.grown(before, 'llm_requests_total'), 'series of llm_requests_total that grew');
    assert.equal(this.requests.value, 1);
    assert.equal(after.since(before, 'llm_request_duration_seconds_count'), tries, 'observed tries');
    assert.equal(after.since(before, 'llm_accounting_started_total'), 1, 'accounts that were opened');
    const closed = only(after.grown(before, 'llm_accounting_finalized_total'), 'accounts that were closed');
    assert.deepEqual([closed.labels.outcome, closed.value], [this.outcome, 1], 'outcome in accounting and metric');
    assert.equal(this.log.outcome, this.outcome, 'outcome in log and metric');
    assert.equal(this.server.attributes['archestra.outcome'], this.outcome, 'outcome in span and metric');
    assert.equal(after.sum('llm_requests_total', { outcome: 'internal_error' }), 0, 'a belief of the gateway broke');
    this.#assertSameTimes();
    this.#assertSameTokens();
  }

  #assertSameTimes() {
    const { 'http.route': route, 'http.response.status_code': status } = this.server.attributes;
    const request = { route, status_code: `${status}` };
    assertSameTime(this.growth('http_request_duration_seconds_sum', request), secondsOf(this.server), 'the request');
    assertSameTime(this.log.duration_ms / 1000, secondsOf(this.server), 'the request in the log');
    const tries = this.clients.reduce((sum, client) => sum + secondsOf(client), 0);
    assertSameTime(this.growth('llm_request_duration_seconds_sum'), tries, 'the tries');
  }

  #assertSameTokens() {
    const isTold = this.log.usage_provenance === 'provider';
    const { input, output } = this.tokens;
    assert.deepEqual([input, output], isTold ? [this.log.input_tokens, this.log.output_tokens] : [0, 0], 'tokens');
    const attributes = this.client?.attributes ?? {};
    assert.equal(attributes['gen_ai.usage.input_tokens'], isTold ? input : undefined);
    assert.equal(attributes['gen_ai.usage.output_tokens'], isTold ? output : undefined);
  }

  get outcome() {
    return this.requests.labels.outcome;
  }

  /** `status_code` of the only observed try. */
  get tryStatus() {
    return only(this.grown('llm_request_duration_seconds_count'), 'tries').labels.status_code;
  }

  /** Labels of the HTTP request that grew, apart from those of /ready and the platform API, counted once they were answered. */
  get httpLabels() {
    const grown = this.grown('http_request_duration_seconds_count');
    const isOfCall = ({ labels: { route } }) => route !== '/ready' && !route.startsWith('/api/');
    return only(grown.filter(isOfCall), 'HTTP requests').labels;
  }

  grown(name) {
    return this.metrics.after.grown(this.metrics.before, name);
  }

  growth(name, labels) {
    return this.metrics.after.since(this.metrics.before, name, labels);
  }

  /** {input, output} as llm_tokens_total counted them. */
  get tokens() {
    return {
      input: this.growth('llm_tokens_total', { type: 'input' }),
      output: this.growth('llm_tokens_total', { type: 'output' }),
    };
  }

  /**
   * What the table of outcomes says of this one, in metric, spans and log line: `tryStatus` is that of the only try (none:
   * it was refused before any), `errorType` the reason where there is one, `httpStatus` what the client got where that
   * does not follow.
   */
  assertOutcome({ outcome, tryStatus, errorType, httpStatus }) {
    assert.equal(this.outcome, outcome);
    this.assertTries(tryStatus === undefined ? [] : [{ outcome, tryStatus, errorType }]);
    this.assertAnswer({ outcome, tryStatus, errorType, httpStatus });
  }

  /** What is recorded of the answer to the client; the figures are those of the last try. */
  assertAnswer({ outcome, tryStatus, errorType, httpStatus }) {
    const { status, serverSpan } = answerOf(outcome, tryStatus, httpStatus);
    assert.equal(this.httpLabels.status_code, status, 'status_code of the HTTP metric');
    assert.equal(`${this.log.status_code}`, status, 'status_code in the log');
    assert.equal(`${this.server.attributes['http.response.status_code']}`, status, 'status_code of the SERVER span');
    assert.equal(this.server.status.code, serverSpan, 'status of the SERVER span');
    assert.equal(this.server.attributes['error.type'], errorType, 'error.type of the SERVER span');
    assert.equal(this.log.error_type, errorType, 'error_type in the log');
    assert.equal(this.log.level, outcome === 'completed' ? 'info' : 'warn');
  }

  /** Each try in order, as assertOutcome takes them: a CLIENT span and an observation with the same figures. */
  assertTries(tries) {
    const observed = this.grown('llm_request_duration_seconds_count').map(({ labels, value }) =>
      Array(value).fill(labels.status_code),
    );
    assert.deepEqual(observed.flat().sort(), tries.map(({ tryStatus }) => tryStatus).sort(), 'observed tries');
    assert.equal(this.clients.length, tries.length, 'CLIENT spans');
    assert.equal(this.log.tries, tries.length, 'tries in the log');
    tries.forEach((expected, index) => assertTry(this.clients[index], index, expected));
  }
}

function assertTry({ attributes, status }, index, { outcome, tryStatus, errorType }) {
  const which = `of the CLIENT span of try ${index + 1}`;
  assert.equal(attributes['archestra.outcome'], outcome, `outcome ${which}`);
  assert.equal(status.code, clientSpanStatus(outcome), `status ${which}`);
  assert.equal(attributes['error.type'], errorType, `error.type ${which}`);
  const statusCode = tryStatus === '0' ? undefined : Number(tryStatus);
  assert.equal(attributes['http.response.status_code'], statusCode, `http.response.status_code ${which}`);
  assert.equal(attributes['http.request.resend_count'], index || undefined, `http.request.resend_count ${which}`);
}

const secondsOf = ({ start, end }) => Number(end - start) / 1e9;

/** A log line has microseconds, and a metric is a sum of doubles. */
function assertSameTime(actual, expected, what) {
  assert.ok(Math.abs(actual - expected) < 2e-6, `${what}: ${actual} s and ${expected} s`);
}

export function newTrace() {
  const traceId = randomBytes(16).toString('hex');
  const parentSpanId = randomBytes(8).toString('hex');
  return { traceId, parentSpanId, traceparent: `00-${traceId}-${parentSpanId}-01` };
}

function assertInside(client, server) {
  assert.equal(client.parentSpanId, server.spanId, 'the CLIENT span is a child of the SERVER span');
  assert.ok(client.start >= server.start && client.end <= server.end, 'the CLIENT span lies within the SERVER span');
}

export function only(list, what) {
  assert.equal(list.length, 1, `${what}: ${JSON.stringify(list, (_, value) => typeof value === 'bigint' ? `${value}` : value)}`);
  return list[0];
}

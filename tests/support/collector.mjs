// An OTLP/HTTP collector for traces, logs and metrics. It decodes with OpenTelemetry's own generated code, so that what we encode is
// judged by a decoder that is not ours.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

import { flagsOfSpans } from './span_flags.mjs';

const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const { opentelemetry } = require('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;
const { ExportLogsServiceRequest, ExportLogsServiceResponse } = opentelemetry.proto.collector.logs.v1;
const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } = opentelemetry.proto.collector.metrics.v1;

export const SpanKind = { SERVER: 2, CLIENT: 3 };
export const StatusCode = { UNSET: 0, OK: 1, ERROR: 2 };

const wholeSuccess = ExportTraceServiceResponse.encode({}).finish();

/** The body of an answer that took all spans but so many. */
export function partialSuccess(rejectedSpans, errorMessage) {
  return ExportTraceServiceResponse.encode({ partialSuccess: { rejectedSpans, errorMessage } }).finish();
}

export const partialSuccessOfLogs = (rejectedLogRecords, errorMessage) =>
  ExportLogsServiceResponse.encode({ partialSuccess: { rejectedLogRecords, errorMessage } }).finish();
export const partialSuccessOfMetrics = (rejectedDataPoints, errorMessage) =>
  ExportMetricsServiceResponse.encode({ partialSuccess: { rejectedDataPoints, errorMessage } }).finish();

/** What signal comes to what path; to any other one come traces. */
const signalOfPath = { '/v1/logs': 'logs', '/v1/metrics': 'metrics' };
const temporality = { CUMULATIVE: 2 };

export class Collector {
  /** Every request: {method, path, headers, body, at}; `at` is performance.now() when it had come whole. */
  requests = [];
  /** Every span of every request that decoded, in order of arrival. */
  spans = [];
  /** Likewise, every log record. */
  records = [];
  /** Every request with metrics, as a list of data points: {name, type, unit, labels, start, time, ...figures}. */
  exports = [];
  /** Further paths, as signalOfPath has them. */
  signalOfPath = {};
  /** What did not decode, or came to no purpose; a test that looks here expects []. */
  faults = [];
  /** The status of the next answers, further fields of them, and a `body` where it is not the usual one. */
  answer = { status: 200, headers: {} };
  /** Answers that come before `answer`, each once: such objects, or 'reset' or 'close' of the connection instead. */
  next = [];
  /** Answers of one signal alone, which win over both: signal -> such an object or text. */
  answers = {};
  /** Whether requests are taken and never answered. */
  isSilent = false;
  #server;
  #host;
  #scheme;

  /** Listens on a port the system chooses; with `secure` ({key, cert}) it speaks TLS, as localhost. */
  static async start({ secure } = {}) {
    const collector = new Collector();
    const take = (request, response) => collector.#take(request, response);
    collector.#host = secure ? 'localhost' : '127.0.0.1';
    collector.#scheme = secure ? 'https' : 'http';
    collector.#server = secure ? https.createServer(secure, take) : http.createServer(take);
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get origin() {
    return `${this.#scheme}://${this.#host}:${this.#server.address().port}`;
  }

  get endpoint() {
    return `${this.origin}/v1/traces`;
  }

  spansOf(traceId) {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /** Closes the connections that wait for another request. */
  closeIdle() {
    this.#server.closeIdleConnections();
  }

  /** Closes all, also those on which somebody waits for an answer. */
  closeAll() {
    this.#server.closeAllConnections();
  }

  async stop() {
    this.#server.close();
    this.closeAll();
    await once(this.#server, 'close');
  }

  async #take(request, response) {
    const parts = await request.toArray();
    const { method, url: path, headers } = request;
    const raw = Buffer.concat(parts);
    const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const signal = this.signalOfPath[path] ?? signalOfPath[path] ?? 'traces';
    this.requests.push({ method, path, headers, body, signal, at: performance.now() });
    if (this.isSilent) return;
    const answer = this.answers[signal] ?? this.next.shift() ?? this.answer;
    if (answer === 'reset') return request.socket.resetAndDestroy();
    if (answer === 'close') return request.socket.destroy();
    const { status, headers: fields = {}, body: content = status === 200 ? wholeSuccess : '' } = answer;
    if (status === 200) this.#store(signal, headers, body);
    response.writeHead(status, { 'content-type': 'application/x-protobuf', ...fields });
    response.end(content);
  }

  #store(signal, headers, body) {
    try {
      if (headers['content-type'] !== 'application/x-protobuf') throw new Error(`type ${headers['content-type']}`);
      const found = [...{ traces: spansIn, logs: recordsIn, metrics: pointsIn }[signal](body)];
      if (found.length === 0) throw new Error(`a request without ${signal}`);
      if (signal === 'traces') this.spans.push(...found);
      if (signal === 'logs') this.records.push(...found);
      if (signal === 'metrics') this.exports.push(found);
    } catch (error) {
      this.faults.push(error.message);
    }
  }
}

const decoded = (type, body) => type.toObject(type.decode(body), { longs: String, arrays: true });

/** The log records of a request. */
export function* recordsIn(body) {
  for (const { resource, scopeLogs } of decoded(ExportLogsServiceRequest, body).resourceLogs)
    for (const { scope, schemaUrl, logRecords } of scopeLogs)
      for (const record of logRecords)
        yield {
          time: BigInt(record.timeUnixNano),
          observed: BigInt(record.observedTimeUnixNano),
          severity: record.severityNumber,
          severityText: record.severityText,
          body: record.body.stringValue,
          attributes: attributesOf(record.attributes),
          flags: record.flags,
          traceId: Buffer.from(record.traceId).toString('hex'),
          spanId: Buffer.from(record.spanId).toString('hex'),
          resource: attributesOf(resource.attributes),
          scope,
          schemaUrl,
        };
}

/** The data points of a request. */
export function* pointsIn(body) {
  for (const { resource, scopeMetrics } of decoded(ExportMetricsServiceRequest, body).resourceMetrics)
    for (const { scope, schemaUrl, metrics } of scopeMetrics)
      for (const metric of metrics) {
        const { name, description, unit = '' } = metric;
        const type = ['sum', 'gauge', 'histogram', 'summary'].find((kind) => metric[kind]);
        const data = metric[type];
        if (['sum', 'histogram'].includes(type) && data.aggregationTemporality !== temporality.CUMULATIVE)
          throw new Error(`${name} is not cumulative`);
        if (type === 'sum' && data.isMonotonic !== true) throw new Error(`${name} is not monotonic`);
        if (data.dataPoints.length === 0) throw new Error(`${name} has no point`);
        const origin = { resource: attributesOf(resource.attributes), scope, schemaUrl };
        for (const point of data.dataPoints)
          yield { name, description, unit, type, ...origin, labels: attributesOf(point.attributes), ...figuresOf(point) };
      }
}

function figuresOf(point) {
  const exemplars = (point.exemplars ?? []).map(({ traceId, spanId, timeUnixNano, asDouble }) => ({
    traceId: Buffer.from(traceId).toString('hex'),
    spanId: Buffer.from(spanId).toString('hex'),
    time: BigInt(timeUnixNano),
    value: asDouble,
  }));
  const bare = { start: BigInt(point.startTimeUnixNano ?? 0), time: BigInt(point.timeUnixNano), exemplars };
  if (point.bucketCounts?.length > 0)
    return {
      ...bare,
      count: Number(point.count),
      sum: point.sum,
      buckets: point.bucketCounts.map(Number),
      bounds: point.explicitBounds,
    };
  if (point.quantileValues?.length > 0)
    return { ...bare, count: Number(point.count), sum: point.sum, quantiles: point.quantileValues };
  return { ...bare, value: point.asInt !== undefined ? Number(point.asInt) : point.asDouble };
}

function* spansIn(body) {
  const flags = flagsOfSpans(body);
  const message = ExportTraceServiceRequest.decode(body);
  const { resourceSpans } = ExportTraceServiceRequest.toObject(message, { longs: String, arrays: true });
  for (const { resource, scopeSpans } of resourceSpans) {
    for (const { scope, schemaUrl, spans } of scopeSpans) {
      const origin = { resource: attributesOf(resource.attributes), scope, schemaUrl };
      for (const span of spans.map(plainSpan)) yield { ...span, flags: flags.get(span.spanId), ...origin };
    }
  }
}

function plainSpan(span) {
  return {
    traceId: Buffer.from(span.traceId).toString('hex'),
    spanId: Buffer.from(span.spanId).toString('hex'),
    parentSpanId: Buffer.from(span.parentSpanId ?? []).toString('hex'),
    traceState: span.traceState ?? '',
    name: span.name,
    kind: span.kind,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    types: Object.fromEntries(span.attributes.map(({ key, value }) => [key, typeOf(value)])),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      time: String(event.timeUnixNano), // as JSON can have it too
      attributes: attributesOf(event.attributes),
    })),
    droppedEvents: span.droppedEventsCount ?? 0,
    status: { code: span.status?.code ?? StatusCode.UNSET, message: span.status?.message ?? '' },
  };
}

function attributesOf(list) {
  const attributes = {};
  for (const { key, value } of list) {
    if (key in attributes) throw new Error(`attribute ${key} occurs twice`);
    attributes[key] = plainValue(value);
  }
  return attributes;
}

/** 'string', 'bool', 'int', 'double', or that of the elements with '[]' behind it. */
function typeOf(value) {
  const [kind] = Object.keys(value);
  if (kind !== 'arrayValue') return kind.replace('Value', '');
  return `${[...new Set(value.arrayValue.values.map(typeOf))].join('|')}[]`;
}

function plainValue(value) {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plainValue);
  throw new Error(`an attribute value of a kind not expected: ${JSON.stringify(value)}`);
}

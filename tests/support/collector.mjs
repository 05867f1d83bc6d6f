// An OTLP/HTTP collector for traces. It decodes with OpenTelemetry's own generated code, so that what we encode is
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

export const SpanKind = { SERVER: 2, CLIENT: 3 };
export const StatusCode = { UNSET: 0, OK: 1, ERROR: 2 };

const wholeSuccess = ExportTraceServiceResponse.encode({}).finish();

/** The body of an answer that took all spans but so many. */
export function partialSuccess(rejectedSpans, errorMessage) {
  return ExportTraceServiceResponse.encode({ partialSuccess: { rejectedSpans, errorMessage } }).finish();
}

export class Collector {
  /** Every request: {method, path, headers, body, at}; `at` is performance.now() when it had come whole. */
  requests = [];
  /** Every span of every request that decoded, in order of arrival. */
  spans = [];
  /** What did not decode, or came to no purpose; a test that looks here expects []. */
  faults = [];
  /** The status of the next answers, further fields of them, and a `body` where it is not the usual one. */
  answer = { status: 200, headers: {} };
  /** Answers that come before `answer`, each once: such objects, or 'reset' or 'close' of the connection instead. */
  next = [];
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
    this.requests.push({ method, path, headers, body, at: performance.now() });
    if (this.isSilent) return;
    const answer = this.next.shift() ?? this.answer;
    if (answer === 'reset') return request.socket.resetAndDestroy();
    if (answer === 'close') return request.socket.destroy();
    const { status, headers: fields = {}, body: content = status === 200 ? wholeSuccess : '' } = answer;
    if (status === 200) this.#store(headers, body);
    response.writeHead(status, { 'content-type': 'application/x-protobuf', ...fields });
    response.end(content);
  }

  #store(headers, body) {
    try {
      if (headers['content-type'] !== 'application/x-protobuf') throw new Error(`type ${headers['content-type']}`);
      const spans = [...spansIn(body)];
      if (spans.length === 0) throw new Error('a request without spans');
      this.spans.push(...spans);
    } catch (error) {
      this.faults.push(error.message);
    }
  }
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

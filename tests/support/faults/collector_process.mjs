// The process of SpanFile: a collector that can fail in the ways that its parent names, and writes what it took to
// files, a line of JSON for each span and each log record. Of metrics it keeps the newest export.

import { createWriteStream } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

import { pointsIn, recordsIn } from '../collector.mjs';
import { plainRecord } from '../log_records.mjs';

const require = createRequire(new URL('../../e2e/package.json', import.meta.url));
const { opentelemetry } = require('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

const wholeSuccess = ExportTraceServiceResponse.encode({}).finish();
// The other signals' messages have the same fields.
const partialSuccess = (rejectedSpans) =>
  ExportTraceServiceResponse.encode({ partialSuccess: { rejectedSpans, errorMessage: 'too many' } }).finish();
const file = createWriteStream(process.argv[2]);
const recordFile = createWriteStream(process.argv[3]);
const rejectsMost = 3; // of a request, where it takes a part

let mode = 'takes'; // see SpanFile.fail()
let server;
let port = 0;
const counts = { requests: 0, taken: 0, failed: 0, spans: 0, rejected: 0, records: 0, rejectedRecords: 0, points: 0, faults: [] };
let newest = { time: 0n, points: [] }; // the export of metrics, as far as it has come

const wanted = new Set([
  'http.route',
  'http.response.status_code',
  'http.request.resend_count',
  'error.type',
  'archestra.outcome',
  'session.id',
  'agent.id',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  'llm.provider',
  'llm.stream',
]);

const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');
const nanoseconds = (time) =>
  typeof time === 'number' ? String(time) : ((BigInt(time.high >>> 0) << 32n) | BigInt(time.low >>> 0)).toString();
const valueOf = (value) =>
  value.stringValue ?? value.boolValue ?? (value.intValue != null ? Number(value.intValue) : value.doubleValue);

function lineOf(span, at, isRejected) {
  const attributes = {};
  for (const { key, value } of span.attributes) if (wanted.has(key)) attributes[key] = valueOf(value);
  const decisions = span.events
    .filter(({ name }) => name === 'archestra.tool_decision')
    .map((event) => valueOf(event.attributes.find(({ key }) => key === 'archestra.tool_decision.decision').value));
  return JSON.stringify({
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    kind: span.kind,
    at,
    start: nanoseconds(span.startTimeUnixNano),
    end: nanoseconds(span.endTimeUnixNano),
    status: span.status?.code ?? 0,
    attributes,
    ...(decisions.length > 0 && { decisions }),
    ...(isRejected && { isRejected }),
  });
}

function storeSpans(body, rejects) {
  const at = Date.now();
  let rejected = 0;
  for (const { scopeSpans } of ExportTraceServiceRequest.decode(body).resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        const isRejected = rejected < rejects;
        rejected += isRejected ? 1 : 0;
        file.write(`${lineOf(span, at, isRejected)}\n`);
        counts.spans += 1;
      }
    }
  }
  counts.rejected += rejected;
  return rejected;
}

function storeRecords(body, rejects) {
  const at = Date.now();
  let rejected = 0;
  for (const record of recordsIn(body)) {
    const isRejected = rejected < rejects;
    rejected += isRejected ? 1 : 0;
    recordFile.write(`${JSON.stringify({ ...plainRecord(record), at, ...(isRejected && { isRejected }) })}\n`);
    counts.records += 1;
  }
  counts.rejectedRecords += rejected;
  return rejected;
}

/** An export comes in several requests; all its points have one time. */
function storePoints(body) {
  for (const { name, type, labels, time, value, count, sum } of pointsIn(body)) {
    counts.points += 1;
    if (time < newest.time) throw new Error('an export that is older than the one before');
    if (time > newest.time) newest = { time, points: [] };
    newest.points.push({ name, type, labels, value, count, sum });
  }
  return 0;
}

const stores = { '/v1/traces': storeSpans, '/v1/logs': storeRecords, '/v1/metrics': storePoints };

async function take(request, response) {
  const raw = Buffer.concat(await request.toArray());
  counts.requests += 1;
  if (mode === 'takes' || mode === 'takes a part') counts.taken += 1;
  else counts.failed += 1;
  if (mode === 'says nothing') return;
  if (mode === 'resets') return request.socket.resetAndDestroy();
  if (mode === 'answers 503') return response.writeHead(503, { 'retry-after': '1' }).end();
  let rejected = 0;
  try {
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    rejected = stores[request.url](body, mode === 'takes a part' ? rejectsMost : 0);
  } catch (error) {
    counts.faults.push(error.stack);
  }
  response.writeHead(200, { 'content-type': 'application/x-protobuf' });
  response.end(rejected > 0 ? partialSuccess(rejected) : wholeSuccess);
}

async function listen() {
  server = http.createServer((request, response) => take(request, response).catch(() => {})); // its client left
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  port = server.address().port;
}

async function close() {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

const commands = {
  async mode(next) {
    if (mode === 'refuses' && next !== mode) await listen();
    if (mode === 'says nothing') server.closeAllConnections();
    if (next === 'refuses' && next !== mode) await close();
    mode = next;
  },
  counts: () => counts,
  points: () => newest.points,
  flush: () => Promise.all([file, recordFile].map((own) => new Promise((resolve) => own.write('', resolve)))),
};

process.on('disconnect', () => process.exit(0));
process.on('message', async ([command, argument]) => process.send((await commands[command](argument)) ?? {}));
await listen();
process.send({ port });

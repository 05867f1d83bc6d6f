// `flags` of spans, which are field 16 on the wire: OpenTelemetry's generated code for JavaScript does not know them yet.

import { createRequire } from 'node:module';

const { Reader } = createRequire(new URL('../e2e/package.json', import.meta.url))('protobufjs/minimal');

// ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans, ScopeSpans.spans
const wayToSpans = [1, 2, 2];
const spanIdField = 2;
const flagsField = 16;

/** Span id in hex -> flags, of an ExportTraceServiceRequest. Flags that are no fixed32 are left out. */
export function flagsOfSpans(request) {
  let spans = [request];
  for (const field of wayToSpans) spans = spans.flatMap((bytes) => submessages(bytes, field));
  return new Map(spans.map(flagsOf));
}

function submessages(bytes, wanted) {
  const found = [];
  read(bytes, (reader, field, wireType) => {
    if (field !== wanted || wireType !== 2) return reader.skipType(wireType);
    found.push(reader.bytes());
  });
  return found;
}

function flagsOf(bytes) {
  let id;
  let flags = 0;
  read(bytes, (reader, field, wireType) => {
    if (field === spanIdField && wireType === 2) id = Buffer.from(reader.bytes()).toString('hex');
    else if (field === flagsField && wireType === 5) flags = reader.fixed32();
    else reader.skipType(wireType);
  });
  return [id, flags];
}

function read(bytes, take) {
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    take(reader, tag >>> 3, tag & 7);
  }
}

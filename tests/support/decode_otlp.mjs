// Prints an ExportTraceServiceRequest as JSON, decoded by OpenTelemetry's own generated code: ids in hex, times and
// integers as decimal text. Usage: node tests/support/decode_otlp.mjs FILE   (- reads standard input)

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const { opentelemetry } = require('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: decode_otlp.mjs FILE\n');
  process.exit(2);
}
const message = ExportTraceServiceRequest.decode(readFileSync(file === '-' ? 0 : file));
const request = ExportTraceServiceRequest.toObject(message, { longs: String });
const hexBytes = (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value);
process.stdout.write(`${JSON.stringify(request, hexBytes, 2)}\n`);

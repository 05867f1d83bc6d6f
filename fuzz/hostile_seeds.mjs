// node fuzz/hostile_seeds.mjs FOLDER: the tables of hostile messages (tests/support/hostile_*.mjs) as seeds, heads in
// FOLDER/head and bodies in chunks in FOLDER/chunked.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { hostileRequests } from '../tests/support/hostile_requests.mjs';
import { hostileResponses } from '../tests/support/hostile_responses.mjs';

const bytesMax = 4096; // of a seed: longer ones only slow the fuzzer down

const folder = process.argv[2];
const seeds = { head: join(folder, 'head'), chunked: join(folder, 'chunked') };
for (const path of Object.values(seeds)) mkdirSync(path, { recursive: true });

for (const { bytes } of [...hostileRequests, ...hostileResponses]) {
  const end = bytes.indexOf('\r\n\r\n');
  write(seeds.head, end < 0 ? bytes : bytes.subarray(0, end + 4));
  const head = bytes.toString('latin1', 0, Math.max(end, 0));
  if (/^transfer-encoding:/im.test(head)) write(seeds.chunked, bytes.subarray(end + 4));
}

function write(path, bytes) {
  if (bytes.length === 0 || bytes.length > bytesMax) return;
  writeFileSync(join(path, createHash('sha1').update(bytes).digest('hex')), bytes);
}

// Recorded traffic of real providers. It is not part of the repository: where the folder is not there, tests that need
// it are skipped.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = resolve(
  process.env.ARCHESTRA_RECORDINGS ?? fileURLToPath(new URL('../../../shared/recordings', import.meta.url)),
);

/** False, or why tests of recordings are skipped: for the `skip` option of a test. */
export const recordingsMissing = existsSync(folder) ? false : `no recordings in ${folder}`;

export const recordingsFolder = folder;

/** The recordings of a provider: {name, meta, request, response}, bodies as bytes. */
export function recordingsOf(provider) {
  if (recordingsMissing) return [];
  return readdirSync(join(folder, provider))
    .sort()
    .map((name) => readRecording(join(folder, provider, name), name));
}

function readRecording(path, name) {
  const meta = JSON.parse(readFileSync(join(path, 'meta.json'), 'utf8'));
  return {
    name,
    meta,
    request: readFileSync(join(path, 'request.json')),
    response: readFileSync(join(path, meta.response_file)),
  };
}

/** Cuts bytes into pieces: {name, cut(bytes)} for whole, byte by byte, and random sizes from printed seeds. */
export const cuts = [
  { name: 'whole', cut: (bytes) => [bytes] },
  { name: 'random pieces, seed 1', cut: (bytes) => randomPieces(bytes, 1) },
  { name: 'random pieces, seed 2', cut: (bytes) => randomPieces(bytes, 2) },
  { name: 'byte by byte', cut: (bytes) => [...bytes.keys()].map((at) => bytes.subarray(at, at + 1)) },
];

function randomPieces(bytes, seed) {
  const next = generator(seed);
  const pieces = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(next() * 400);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

// A linear congruential generator: the same pieces on every machine.
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

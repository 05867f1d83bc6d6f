// That no bytes from a client or a provider make what reads HTTP crash, hang, or read otherwise when they come in other
// pieces: the fuzzers of src/http, which begin with the tables of hostile messages. And that what a crash leaves in the
// rings of telemetry does neither to the next start.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const title = 'Fuzzing';

/** Seconds of each, eleven minutes in all: most for those that begin with the tables. */
const fuzzers = { head: 200, chunked: 200, content_decoder: 70, sse: 70, json_array: 60, span_record: 60 };

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = join(root, 'build/fuzz');

const filesIn = (folder) => readdir(folder).catch(() => []);

async function fuzz(name, seconds) {
  const corpus = join(built, 'corpus', `${name}_fuzz`);
  const found = join(built, 'found', `${name}_fuzz`);
  for (const folder of [corpus, found]) await mkdir(folder, { recursive: true });
  const seeds = [join(root, 'fuzz/corpus', name), join(built, 'seeds', name)];
  const counts = await Promise.all(seeds.map(async (folder) => (await filesIn(folder)).length));
  const before = (await filesIn(found)).length;
  const options = [`-max_total_time=${seconds}`, '-print_final_stats=1', '-timeout=10', '-rss_limit_mb=4096'];
  const folders = [corpus, ...seeds.filter((_, i) => counts[i] > 0)];
  const child = spawn(join(built, 'fuzz', `${name}_fuzz`), [...options, `-artifact_prefix=${found}/`, ...folders], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (data) => (text = (text + data.toString('latin1')).slice(-100_000)));
  const [code] = await once(child, 'close');
  const findings = (await filesIn(found)).length - before;
  return {
    name,
    seconds,
    tables: counts[1],
    runs: Number(/^stat::number_of_executed_units: *(\d+)/m.exec(text)?.[1] ?? 0),
    edges: Number([...text.matchAll(/ cov: (\d+) /g)].at(-1)?.[1] ?? 0),
    findings: code === 0 ? findings : Math.max(findings, 1),
  };
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const results = [];
  for (const [name, seconds] of Object.entries(fuzzers)) {
    const result = await fuzz(name, seconds);
    note(`${name}: ${result.runs} runs, ${result.edges} edges, ${result.findings} findings`);
    results.push(result);
  }
  const isTried = ({ runs, edges }) => runs > 0 && edges > 0;
  const hasTables = results.filter(({ tables }) => tables > 0).length >= 2;
  const holds = hasTables && results.every((result) => isTried(result) && result.findings === 0);
  return { lines: report(results), holds };
}

function report(results) {
  return [
    'Each fuzzer of what reads HTTP, under AddressSanitizer and UBSan, beginning with the corpus and with the tables of',
    'hostile messages that the end-to-end tests send. Every input is read whole and in pieces, with the same result or an error.',
    '`span_record` reads what a crash may leave of telemetry, beginning with records that it writes itself.',
    '',
    '| fuzzer | seeds from the tables | seconds | runs | edges reached | findings |',
    '| --- | --- | --- | --- | --- | --- |',
    ...results.map(
      ({ name, tables, seconds, runs, edges, findings }) =>
        `| ${name} | ${tables} | ${seconds} | ${runs} | ${edges} | ${findings} |`,
    ),
  ];
}

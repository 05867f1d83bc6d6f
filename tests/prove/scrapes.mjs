// That a scrape of a large page costs the calls beside it nothing: some 2,400 label sets, 200,000 lines and more, asked
// for again and again, while calls are made at a steady rate.
//
// Periods alternate: quiet, scraped as it is, quiet, scraped zipped. What the machine itself does to a percentile is known
// from the quiet periods: half of them against the other half, as often as halves can be drawn.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, exchange } from '../support/client.mjs';
import { residentBytes, resetPeak } from '../support/crowd.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { SteadyCalls, median, quantile } from '../support/steady_calls.mjs';
import { until } from '../support/until.mjs';

export const title = 'Scrapes';

const agents = 25;
const modelsOfEach = 95;
const labelSets = 3_000; // room for all of them
const linesMin = 200_000;
const rounds = 8;
const periodMs = 10_000;
const scrapeEveryMs = 5_000; // from the end of one to the beginning of the next; deploy/prometheus asks every 15 s
const callers = 10;
const callEveryMs = 20; // of each caller
const scrapeBytesMax = 24e6; // what scrapes add to the memory of the process

const path = '/v1/openai/chat/completions';
const messages = [{ role: 'user', content: 'Are you there?' }];
const body = JSON.stringify({ model: 'gpt-4o', messages });

/** Calls of many agents and models, with the answers that make series: the label sets of the page. */
async function fillPage(gateway) {
  const made = await Promise.all(
    Array.from({ length: agents }, async (_, i) => {
      const labels = [{ key: 'team', value: `team-${i % 5}` }, { key: 'environment', value: 'production' }];
      const created = await gateway.api('POST', '/agents', { name: `Agent ${i}`, labels });
      if (created.status !== 201) throw new Error(`no agent: ${JSON.stringify(created.json)}`);
      return created.json.id;
    }),
  );
  await Promise.all(
    made.map(async (id) => {
      const client = await Client.connect(gateway.apiPort);
      for (let i = 0; i < modelsOfEach; i += 1) {
        for (const stream of [true, false]) {
          const headers = { 'Content-Type': 'application/json', 'x-sim-tokens': '3' };
          const request = { model: `model-${i}`, messages, stream };
          await client.request('POST', `/v1/openai/${id}/chat/completions`, { headers, body: JSON.stringify(request) });
          const { status } = await client.response();
          if (status !== 200) throw new Error(`a call of agent ${id} was answered ${status}`);
        }
      }
      client.close();
    }),
  );
}

/**
 * curl in a process of its own, which has the processor only while nobody else wants it (SCHED_IDLE), as a scraper on another
 * machine would not share ours: it takes pages with a pause between them. `stop` tells how many.
 */
function scraper(port, encoding) {
  const args = ['-sS', '-o', '/dev/null', '-w', '%{http_code}\n', '-H', `Accept-Encoding: ${encoding}`];
  const loop = `while :; do curl "$@"; sleep ${scrapeEveryMs / 1000}; done`;
  const child = spawn('chrt', ['--idle', '0', 'sh', '-c', loop, 'sh', ...args, `http://127.0.0.1:${port}/metrics`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // so that curl ends with it
  });
  let answers = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (answers += text));
  const over = once(child, 'exit');
  return {
    async stop() {
      process.kill(-child.pid, 'SIGKILL');
      await over;
      return { pages: answers.split('200\n').length - 1, refused: answers.replaceAll('200\n', '').length };
    },
  };
}

async function period(calls) {
  const before = await calls.take();
  await sleep(periodMs);
  const { durations, failed } = await calls.take();
  return { p99: quantile(durations, 0.99), failed: before.failed + failed };
}

/** By how much medians of quiet periods differ by chance: what 95 of 100 random halves stay below. */
function noiseOf(quiet) {
  const differences = Array.from({ length: 1000 }, () => {
    const drawn = quiet.map((value) => [Math.random(), value]).sort(([a], [b]) => a - b);
    const half = drawn.length / 2;
    const of = (part) => median(part.map(([, value]) => value));
    return Math.abs(of(drawn.slice(0, half)) - of(drawn.slice(half)));
  });
  return quantile(differences.sort((a, b) => a - b), 0.95);
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const simulator = await Simulator.start({ args: ['--journal', '0'] });
  const gateway = await Gateway.start({
    openaiBaseUrl: simulator.baseUrl,
    env: { ARCHESTRA_METRICS_LABEL_SETS: String(labelSets) },
  });
  let calls;
  try {
    await fillPage(gateway);
    await until('no call in flight', async () => (await gateway.scrape()).sum('llm_requests_in_flight') === 0);
    const page = (await exchange(gateway.metricsPort, 'GET', '/metrics')).body;
    const lines = page.toString('utf8').split('\n').length;
    note(`${lines} lines, ${(page.length / 1e6).toFixed(0)} MB`);

    calls = await SteadyCalls.start({ port: gateway.apiPort, path, body, clients: callers, everyMs: callEveryMs });
    const found = { quiet: [], identity: [], gzip: [] };
    const scrapes = { identity: 0, gzip: 0 };
    let failed = 0;
    let refused = 0;
    await sleep(periodMs);
    const { pid } = gateway.program;
    const { now: bytesBefore } = await residentBytes(pid);
    await resetPeak(pid);
    for (let round = 0; round < rounds; round += 1) {
      for (const encoding of ['identity', 'gzip']) {
        const quiet = await period(calls);
        const beside = scraper(gateway.metricsPort, encoding);
        const scraped = await period(calls);
        const taken = await beside.stop();
        found.quiet.push(quiet.p99);
        found[encoding].push(scraped.p99);
        scrapes[encoding] += taken.pages;
        refused += taken.refused;
        failed += quiet.failed + scraped.failed;
      }
    }
    const bytes = (await residentBytes(pid)).peak - bytesBefore;
    const noise = noiseOf(found.quiet);
    const quiet = median(found.quiet);
    const rows = ['identity', 'gzip'].map((encoding) => ({
      encoding,
      pages: scrapes[encoding],
      p99: median(found[encoding]),
    }));
    for (const { encoding, pages, p99 } of rows)
      note(`${encoding}: p99 ${p99.toFixed(2)} ms, quiet ${quiet.toFixed(2)} ms, noise ${noise.toFixed(2)} ms, ${pages} pages`);
    const holds =
      lines >= linesMin &&
      failed === 0 &&
      refused === 0 &&
      bytes <= scrapeBytesMax &&
      rows.every(({ p99, pages }) => pages >= rounds && p99 - quiet <= noise);
    return { lines: report({ lines, megabytes: page.length / 1e6, rows, quiet, noise, bytes, failed }), holds };
  } finally {
    await calls?.stop();
    await gateway.stop();
    await simulator.stop();
  }
}

function report({ lines, megabytes, rows, quiet, noise, bytes, failed }) {
  return [
    `A page of ${lines} lines, ${megabytes.toFixed(0)} MB, is scraped again and again, ${scrapeEveryMs / 1000} s after the end of the scrape before, beside ${callers} clients`,
    `that make a call every ${callEveryMs} ms. Periods of ${periodMs / 1000} s alternate with quiet ones, ${rounds} of each kind of scrape; medians of their 99th`,
    `percentiles are compared. Promised is that they are apart by no more than noise: what the medians of two random halves of`,
    `the quiet periods are apart in 95 of 100 draws, ${noise.toFixed(2)} ms. Scrapes may add ${scrapeBytesMax / 1e6} MB to the memory of the gateway.`,
    '',
    '| scraped | pages | p99, quiet | p99 | difference |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ encoding, pages, p99 }) =>
        `| ${encoding} | ${pages} | ${quiet.toFixed(2)} ms | ${p99.toFixed(2)} ms | ${(p99 - quiet).toFixed(2)} ms |`,
    ),
    '',
    `Of the calls ${failed} failed. Scrapes added ${(bytes / 1e6).toFixed(1)} MB to the memory of the gateway at its peak.`,
  ];
}

// That a stream lasts in metric and span as long as it lasted for the provider, whose own clock says so.

import assert from 'node:assert/strict';

import { dialects, PacedScene } from '../support/paced.mjs';

export const title = 'Durations';

const allowedMs = 2;
const allowedShare = 0.01;
const rounds = 5;
const attempts = 3; // of one stream

/** What the simulator is told to do. */
const paces = {
  'a token every millisecond': { tokens: 200, 'token-interval-ms': 1 },
  'a token every 5 ms': { tokens: 100, 'ttft-ms': 50, 'token-interval-ms': 5 },
  'a token every 40 ms': { tokens: 40, 'ttft-ms': 300, 'token-interval-ms': 40 },
  'with a stall of 1.5 s': { tokens: 20, 'token-interval-ms': 10, 'stall-ms': 1500, 'stall-after': 10 },
};

async function measure(scene, dialect, sim) {
  const { simulator, span, log, grown } = await scene.call(dialect, sim);
  const tokens = simulator.tokens_sent_us.map((us) => us / 1000);
  const gaps = tokens.slice(1).map((at, i) => at - tokens[i]);
  assert.equal(log.outcome, 'completed');
  assert.equal(grown('llm_inter_token_seconds_count'), tokens.length - 1, 'gaps');
  assert.equal(grown('llm_stream_stalls_total'), gaps.filter((gap) => gap > 1000).length, 'stalls');
  const endedMs = simulator.sent_us.at(-1) / 1000;
  return {
    endedMs,
    promised: {
      llm_request_duration_seconds: Math.abs(grown('llm_request_duration_seconds_sum') * 1000 - endedMs),
      'CLIENT span': Math.abs(Number(span.end - span.start) / 1e6 - endedMs),
    },
    beside: {
      llm_time_to_first_token_seconds: Math.abs(grown('llm_time_to_first_token_seconds_sum') * 1000 - tokens[0]),
      'llm_inter_token_seconds, all': Math.abs(
        grown('llm_inter_token_seconds_sum') * 1000 - (tokens.at(-1) - tokens[0]),
      ),
    },
  };
}

function keepsPromise({ endedMs, promised }) {
  return Object.values(promised).every((offMs) => offMs <= Math.max(allowedMs, allowedShare * endedMs));
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const scene = await PacedScene.start();
  const paced = []; // {pace, endedMs, offs: {figure: ms}} of each call
  let repeated = 0;
  let missed = 0;
  try {
    for (const dialect of Object.values(dialects)) await scene.call(dialect, { tokens: 3 }); // connections are warm
    for (const [pace, sim] of Object.entries(paces)) {
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, dialect] of Object.entries(dialects)) {
          let found;
          for (let attempt = 1; attempt <= attempts; attempt += 1) {
            found = await measure(scene, dialect, sim);
            if (keepsPromise(found)) break;
            note(`${name}, ${pace}: ${JSON.stringify(found.promised)} ms off`);
            if (attempt < attempts) repeated += 1;
            else missed += 1;
          }
          paced.push({ pace, endedMs: found.endedMs, offs: { ...found.promised, ...found.beside } });
        }
      }
      note(`${pace}: done`);
    }
  } finally {
    await scene.stop();
  }
  return { lines: report(paced, repeated, missed), holds: missed === 0 };
}

function middle(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function report(paced, repeated, missed) {
  const lines = [
    'The simulated provider notes by its own monotonic clock when a request was there and when it handed each event to its',
    'socket. For every stream, each made alone and in every form of every dialect, what the gateway says is compared with',
    `it. Promised is that \`llm_request_duration_seconds\` and the CLIENT span are at most ${allowedMs} ms or ${allowedShare * 100} % off. The number of gaps`,
    'and of stalls is exact in all. A stream whose figures are further off is made again, up to twice: where the machine',
    'takes the processor away from one of the two just then, they differ, and where the figures are wrong, they always do.',
    '',
    '| pace | lasts | figure | off, median | off, most |',
    '| --- | --- | --- | --- | --- |',
  ];
  for (const pace of Object.keys(paces)) {
    const calls = paced.filter((call) => call.pace === pace);
    const lasts = middle(calls.map(({ endedMs }) => endedMs)).toFixed(1);
    for (const figure of Object.keys(calls[0].offs)) {
      const offs = calls.map((call) => call.offs[figure]);
      lines.push(
        `| ${pace} | ${lasts} ms | ${figure} | ${middle(offs).toFixed(3)} ms | ${Math.max(...offs).toFixed(3)} ms |`,
      );
    }
  }
  lines.push('', `${paced.length} streams; ${repeated} were made again, and ${missed} did not keep the promise even so.`);
  return lines;
}

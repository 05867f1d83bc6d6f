// That what can go on goes on, and that the rest comes back without a restart: each row breaks one thing beneath the
// gateway while clients who never try again make calls, and mends it.

import * as clock from './trials/clock.mjs';
import * as descriptors from './trials/descriptors.mjs';
import * as disk from './trials/disk.mjs';
import * as memory from './trials/memory.mjs';
import * as upstream from './trials/upstream.mjs';

export const title = 'Trials';

const trials = [
  [descriptors.broken, descriptors.run],
  [memory.broken, memory.run],
  [memory.brokenByOwnLimit, memory.runByOwnLimit],
  [disk.broken, disk.run],
  [clock.broken, clock.run],
  [clock.brokenByStop, clock.runByStop],
  [upstream.broken, upstream.run],
  [upstream.brokenNames, upstream.runNames],
];

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const rows = [];
  let holds = true;
  for (const [broken, trial] of trials) {
    const found = await attempt(trial);
    const instead = found.failed ?? (found.skipped && `not tried: ${found.skipped}`);
    holds &&= !found.failed;
    note(`${broken}: ${instead ?? 'holds'}`);
    rows.push(`| ${broken} | ${instead ?? found.wentOn} | ${found.cameBack ?? ''} |`);
  }
  return { lines: report(rows), holds };
}

async function attempt(trial) {
  try {
    return await trial();
  } catch (error) {
    return { failed: `DOES NOT HOLD: ${error.message.split('\n').join(' ')}` };
  }
}

function report(rows) {
  return [
    'One thing is broken beneath the gateway at a time, while ten clients make calls and take streams through it. They take',
    'any error for the end of a call and never try again. Then it is mended; the gateway is not restarted.',
    '',
    '| what was broken | what went on | what came back |',
    '| --- | --- | --- |',
    ...rows,
  ];
}

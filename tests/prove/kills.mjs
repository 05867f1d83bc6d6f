// That kill -9 loses no more than the records of calls that were under way.

import { recordWithinMs } from '../support/faults/generations.mjs';
import { killRun } from '../support/faults/kill_run.mjs';

export const title = 'Kills';

const kills = Number(process.env.PROVE_KILLS || 30);
const seed = Number(process.env.PROVE_SEED || 20_260_702);
const everyMs = 10_000;

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  note(`seed ${seed}, ${kills} kills; PROVE_SEED and PROVE_KILLS choose others`);
  const found = await killRun({ seed, kills, everyMs, clients: 40, thinkMs: 20, note });
  for (const complaint of found.checks.complaints) note(complaint);
  return { lines: report(found), holds: found.checks.disagreements === 0 };
}

function report({
  checks,
  calls,
  cutShort,
  tries,
  spans,
  lostWithin,
  lostOutside,
  dropped,
  twice,
  records,
  recordsLost,
  recordsDropped,
  recordsTwice,
  linesLost,
  tornLines,
}) {
  return [
    `The gateway is killed (SIGKILL) every ${everyMs / 1000} s, ${kills} times, and started again in the same folder, under the calls and with the`,
    `collector of "Faults" (seed ${seed}). What the provider saw is compared with the spans and log records that came. A call of which no record`,
    `was made yet has neither: one that was under way, or whose client got the last byte in the ${recordWithinMs} ms before. A line of the`,
    'log may be lost with what had not been written to standard output.',
    '',
    '| what | how many |',
    '| --- | --- |',
    `| calls | ${calls} |`,
    `| of them under way at a kill, or made while there was no gateway | ${cutShort} |`,
    `| requests that the provider saw | ${tries} |`,
    `| spans that the collector took, each counted once | ${spans} |`,
    `| spans that are missing, of calls that were under way | ${lostWithin} |`,
    `| spans that are missing, of other calls | ${lostOutside} |`,
    `| spans that were counted as dropped | ${dropped} |`,
    `| spans that came twice | ${twice} |`,
    `| log records that the collector took, each counted once | ${records} |`,
    `| log records that are missing, of calls that were under way | ${recordsLost} |`,
    `| log records that were counted as dropped | ${recordsDropped} |`,
    `| log records that came twice | ${recordsTwice} |`,
    `| calls without a line in the log | ${linesLost} |`,
    `| lines that a kill tore | ${tornLines} |`,
    '',
    ...checks.table,
  ];
}

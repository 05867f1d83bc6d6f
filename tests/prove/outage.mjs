// That a collector may be away for ten minutes: no span is lost, not even by a kill -9 in between, and no call feels it.

import { outageRun } from '../support/faults/outage_run.mjs';
import { median } from '../support/steady_calls.mjs';

export const title = 'Outage';

const outageMs = 1000 * Number(process.env.PROVE_OUTAGE_SECONDS || 600);
const seed = Number(process.env.PROVE_SEED || 20_260_703);
const rounds = 15;
const periodMs = 5_000;
const ratioMax = 1.05;

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  note(`an outage of ${outageMs / 1000} s; PROVE_OUTAGE_SECONDS chooses another`);
  const found = await outageRun({ seed, rounds, periodMs, outageMs, note });
  for (const complaint of found.checks.complaints) note(complaint);
  return { lines: report(found), holds: found.checks.disagreements === 0 && found.ratio <= ratioMax };
}

const us = (ns) => (ns / 1000).toFixed(1);
const spread = (list) => `${us(median(list))} µs (${us(Math.min(...list))} to ${us(Math.max(...list))})`;

function report({
  checks,
  costs,
  ratio,
  calls,
  cutShort,
  spans,
  lostWithin,
  lostOutside,
  dropped,
  twice,
  drainedMs,
  waited,
  waitedBytes,
}) {
  return [
    `First, ${rounds} periods of ${periodMs / 1000} s with a collector and ${rounds} without one by turns: processor time of the shards' threads for a`,
    'request, by the scheduler. Then the collector refuses connections for',
    `${outageMs / 1000} s while calls go on; in the middle the gateway is killed (SIGKILL) and started again in the same folder.`,
    '',
    '| what | promised | found |',
    '| --- | --- | --- |',
    `| a request, with a collector: median of the periods, least and most | | ${spread(costs.quiet)} |`,
    `| a request, without one | | ${spread(costs.away)} |`,
    `| ratio of the medians | at most ${ratioMax} | ${ratio.toFixed(3)} |`,
    `| calls | | ${calls}, ${cutShort} of them under way at the kill, or made while there was no gateway |`,
    `| spans that waited at the end of the outage | | ${waited}, in files of ${(waitedBytes / 1e6).toFixed(1)} MB |`,
    `| time until the collector had them | | ${(drainedMs / 1000).toFixed(1)} s |`,
    `| spans that the collector took, each counted once | | ${spans} |`,
    `| spans that are missing, of calls that were under way at the kill | | ${lostWithin} |`,
    `| spans that are missing, of other calls, beyond those counted as dropped (${dropped}) | 0 | ${Math.max(0, lostOutside - dropped)} |`,
    `| spans that came twice | 0 | ${twice} |`,
    '',
    ...checks.table,
  ];
}

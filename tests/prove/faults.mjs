// That all who saw a call say the same of it, whatever goes wrong: client, provider, log line, spans and metrics.

import { faultRun, countBy } from '../support/faults/fault_run.mjs';

export const title = 'Faults';

const calls = Number(process.env.PROVE_CALLS || 100_000);
const seed = Number(process.env.PROVE_SEED || 20_260_701);
const clients = 60;

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  note(`seed ${seed}, ${calls} calls; PROVE_SEED and PROVE_CALLS choose others`);
  const found = await faultRun({ seed, calls, clients, scrapeEveryMs: 2000, note });
  for (const complaint of found.checks.complaints) note(complaint);
  return { lines: report(found), holds: found.checks.disagreements === 0 };
}

const list = (counts) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

function report({ checks, seen, outcomes, seconds, unseen, disturbances, pages, linesMost }) {
  const { views, spans, records, points, entries, collected } = seen;
  const planned = views.map(({ plan }) => plan);
  return [
    `${views.length} calls with seed ${seed}, ${clients} at a time, in every dialect and through two shards, in ${seconds.toFixed(0)} s. Each has a trace and a session`,
    'of its own, by which six views of it are laid side by side: what its client saw, what the simulated provider noted in a',
    'file, the line of the log, the spans and the log record that a collector took, and the metrics, scraped and sent. Where two of them may differ, such as where a',
    'client left, is said in `tests/support/faults/compare_calls.mjs`.',
    '',
    `- At the provider: ${list(countBy(planned, ({ fault }) => fault))}.`,
    `- At the client: ${list(countBy(planned, ({ manner }) => manner))}.`,
    `- Meanwhile: ${list(disturbances)}.`,
    `- What became of them: ${list(outcomes)}. ${unseen} clients had left before their request was read.`,
    `- The provider saw ${entries.length} requests, the collector took ${spans.length} spans and ${records.length} log records in ${collected.taken} requests, did not take ${collected.failed} requests, and refused ${collected.rejected} spans and ${collected.rejectedRecords} records. The last export of metrics had ${points.length} data points.`,
    `- ${pages} pages of metrics were read all along, the longest with ${linesMost} lines that may only grow.`,
    '',
    ...checks.table,
  ];
}

// node bench/rivals.mjs FILE...: what Google Benchmark measured of ours and of what others use (JSON, with medians), as
// a table of ratios. Fails where one is smaller than what is promised, or where there is nothing to compare.

import { readFile } from 'node:fs/promises';

/** Their time may not be less than `promised` times ours; the fastest of theirs counts. */
const duels = [
  {
    title: 'spans of a call, encoded',
    ours: 'spans_ours',
    theirs: ['spans_protobuf_arena', 'spans_protobuf_reuse'],
    promised: 4,
  },
  { title: 'page of metrics', ours: 'scrape_ours', theirs: ['scrape_prometheus_cpp'], promised: 5 },
];

const nanosOf = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

/** {name: {nanos, series, series_bytes, bytes}} of the medians. */
async function mediansOf(paths) {
  const medians = {};
  for (const path of paths) {
    const { benchmarks } = JSON.parse(await readFile(path, 'utf8'));
    for (const run of benchmarks) {
      if (run.error_occurred) throw new Error(`${run.name}: ${run.error_message}`);
      if (run.aggregate_name !== 'median') continue;
      medians[run.run_name] = { ...run, nanos: run.cpu_time * nanosOf[run.time_unit] };
    }
  }
  return medians;
}

function shown(nanos) {
  if (nanos >= 1e6) return `${(nanos / 1e6).toFixed(1)} ms`;
  return nanos >= 1e4 ? `${(nanos / 1e3).toFixed(1)} us` : `${nanos.toFixed(0)} ns`;
}

const row = (cells) => cells[0].padEnd(28) + cells.slice(1).map((cell) => String(cell).padStart(14)).join('');

const medians = await mediansOf(process.argv.slice(2));
const measured = duels.filter(({ ours, theirs }) => medians[ours] && theirs.every((name) => medians[name]));
if (measured.length === 0) throw new Error('nothing was measured that can be compared');

let holds = true;
console.log(row(['CPU time, median', 'ours', 'theirs', 'ratio', 'promised', '']));
for (const { title, ours, theirs, promised } of measured) {
  for (const name of theirs) {
    const ratio = medians[name].nanos / medians[ours].nanos;
    const isFast = ratio >= promised;
    holds &&= isFast;
    const times = [shown(medians[ours].nanos), shown(medians[name].nanos)];
    console.log(row([title, ...times, ratio.toFixed(1), promised.toFixed(1), isFast ? 'holds' : 'FAILS']));
    console.log(`  beside ${name}`);
  }
  const { series, series_bytes: bytes } = medians[ours];
  const theirBytes = medians[theirs[0]].series_bytes;
  if (bytes !== undefined)
    console.log(
      row([`  memory of each series`, `${bytes.toFixed(0)} B`, `${theirBytes.toFixed(0)} B`, (theirBytes / bytes).toFixed(1)]) +
        `   (${series} series)`,
    );
}
process.exitCode = holds ? 0 : 1;

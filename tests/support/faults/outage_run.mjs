// A collector that is away for long, a gateway that is killed meanwhile, and what calls cost the shards beside it.

import { setTimeout as sleep } from 'node:timers/promises';

import { median } from '../steady_calls.mjs';
import { Checks } from './checks.mjs';
import { Generations, compareLosses } from './generations.mjs';
import { atRest, nothingWaits } from './rest.mjs';
import { Stage } from './stage.mjs';
import { threadTime } from './thread_time.mjs';
import { Traffic } from './traffic.mjs';

const settleMs = 1000;
const firstOfOutage = 10_000_000; // numbers of calls

/** No call is to fail here because the machine had no time for it. */
const patient = {
  ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS: '10000',
  ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '60000',
  ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: '60000',
  ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS: '60000',
};

/** The shards' processor time for a request, in nanoseconds, over the next `ms`. */
async function costOfRequest(gateway, ms) {
  const look = async () => ({
    time: await threadTime(gateway.program.pid, 'shard-'),
    requests: (await gateway.scrape()).sum('http_request_duration_seconds_count'),
  });
  const before = await look();
  await sleep(ms);
  const after = await look();
  return (after.time - before.time) / (after.requests - before.requests);
}

/**
 * Periods of `ms` each, with the collector and without it by turns: {quiet, away}, nanoseconds a request of each period.
 */
async function measureCost({ gateway, collector }, rounds, ms) {
  const costs = { quiet: [], away: [] };
  for (let round = 0; round < rounds; round += 1) {
    await nothingWaits(gateway);
    await sleep(settleMs);
    costs.quiet.push(await costOfRequest(gateway, ms));
    await collector.mode('refuses');
    await sleep(settleMs);
    costs.away.push(await costOfRequest(gateway, ms));
    await collector.mode('takes');
  }
  return costs;
}

/**
 * `rounds` periods of `periodMs` with the collector, and as many without it; then an outage of `outageMs` in the middle
 * of which the gateway is killed. {checks, costs, ratio, ...what compareLosses says, drainedMs, waited, waitedBytes
 * (spans at the end of the outage)}.
 */
export async function outageRun({ seed, rounds, periodMs, outageMs, note = () => {} }) {
  const checks = new Checks();
  const stage = await Stage.start(patient);
  try {
    const generations = new Generations(stage);
    const port = () => stage.gateway.apiPort;
    const first = new Traffic({ seed, clients: 20, thinkMs: 40, port, calm: true });
    await sleep(2 * settleMs);
    const costs = await measureCost(stage, rounds, periodMs);
    await first.stop();
    const ratio = median(costs.away) / median(costs.quiet);
    note(`a request costs the shards ${ratio.toFixed(3)} of what it does with a collector`);

    const second = new Traffic({ seed, from: firstOfOutage, clients: 20, thinkMs: 150, port, calm: true });
    await stage.collector.mode('refuses');
    await sleep(outageMs / 2);
    await generations.kill();
    note(`killed after ${second.views.length} calls`);
    await sleep(outageMs / 2);
    const metrics = await stage.gateway.scrape();
    const back = performance.now();
    await stage.collector.mode('takes');
    await nothingWaits(stage.gateway);
    const drainedMs = performance.now() - back;
    await second.stop();
    await atRest(stage.gateway);
    const entries = await generations.end(await stage.gateway.scrape());
    const spans = await stage.collector.spans();
    const views = [...first.views, ...second.views];
    for (const view of views)
      if (!generations.wasCutShort(view))
        checks.that('no call fails', view.end === 'whole' && view.status === 200, () => JSON.stringify(view));
    const found = compareLosses(checks, generations, { views, spans, entries });
    const [waited, waitedBytes] = ['telemetry_unsent', 'telemetry_spool_bytes'].map((name) => metrics.sum(name));
    return { checks, costs, ratio, drainedMs, waited, waitedBytes, ...found };
  } finally {
    await stage.discard();
  }
}

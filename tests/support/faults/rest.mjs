// When a gateway has come to rest.

import { until } from '../until.mjs';

const withinMs = 180_000; // for a collector that was away for long

/** Until no call is under way, and nothing waits for the collector or for standard output. */
export async function atRest(gateway) {
  let quiet = 0;
  await until(
    'the last span',
    async () => {
      const metrics = await gateway.scrape();
      const waiting = ['llm_requests_in_flight', 'telemetry_unsent', 'telemetry_queue_bytes'];
      quiet = waiting.every((name) => metrics.sum(name) === 0) ? quiet + 1 : 0;
      return quiet >= 5;
    },
    { withinMs, everyMs: 200 },
  );
}

/** Until what waits for the collector is of the last seconds, while calls go on. */
export function nothingWaits(gateway) {
  const oldest = async () => (await gateway.scrape()).sum('telemetry_oldest_unsent_seconds');
  return until('what waits for the collector', async () => (await oldest()) < 2, { withinMs, everyMs: 200 });
}

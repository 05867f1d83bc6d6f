// Calls while the gateway is killed again and again, and started again in the same folder.

import { setTimeout as sleep } from 'node:timers/promises';

import { Checks } from './checks.mjs';
import { Disturbances } from './disturbances.mjs';
import { Generations, compareLosses, compareLostRecords } from './generations.mjs';
import { atRest } from './rest.mjs';
import { Stage, exportsLogs } from './stage.mjs';
import { Traffic } from './traffic.mjs';

/**
 * `kills` times, every `everyMs`, with the faults of faultRun: {checks, kills, ...what compareLosses and
 * compareLostRecords say}. `withinMs`: see recordWithinMs.
 */
export async function killRun({ seed, kills, everyMs, clients, thinkMs = 0, withinMs, note = () => {} }) {
  const checks = new Checks();
  const stage = await Stage.start(exportsLogs);
  try {
    const generations = new Generations(stage, withinMs);
    const disturbances = new Disturbances({ stage, checks, seed });
    await disturbances.prepare();
    disturbances.failToCollect();
    const traffic = new Traffic({
      seed,
      clients,
      thinkMs,
      port: () => stage.gateway.apiPort,
      agents: disturbances.agents,
    });
    for (let i = 0; i < kills; i += 1) {
      await sleep(everyMs);
      await generations.kill();
      if (i % 10 === 9) note(`${i + 1} kills, ${traffic.views.length} calls`);
    }
    await sleep(everyMs / 2);
    await traffic.stop();
    await disturbances.stop();
    await atRest(stage.gateway);
    const entries = await generations.end(await stage.gateway.scrape());
    const { collector } = stage;
    const [spans, records, { faults }] = [await collector.spans(), await collector.records(), await collector.counts()];
    checks.equal('requests to the collector decode', faults.length, 0, () => faults[0]);
    const found = compareLosses(checks, generations, { views: traffic.views, spans, entries });
    const foundOfRecords = compareLostRecords(checks, generations, { views: traffic.views, records });
    return { checks, kills, ...found, ...foundOfRecords, tornLines: generations.tornLines };
  } finally {
    await stage.discard();
  }
}

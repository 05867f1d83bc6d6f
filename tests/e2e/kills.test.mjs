// kill -9 while calls go wrong and the collector fails: of calls that were over no span is lost, and none comes twice.
// `./dev prove kills` does the same for longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { killRun } from '../support/faults/kill_run.mjs';

const withinMs = 500; // for a sanitizer's binary on a busy machine
const seed = Number(process.env.PROVE_SEED || 1);

test('a gateway that is killed three times', async (context) => {
  context.diagnostic(`seed ${seed}`);
  const { checks, cutShort, spans } = await killRun({
    seed,
    kills: 3,
    everyMs: 1500,
    clients: 20,
    thinkMs: 20,
    withinMs,
  });
  assert.deepEqual(checks.complaints, [], `seed ${seed}`);
  assert.ok(cutShort > 0, 'calls that were under way at a kill');
  assert.ok(spans > 500, `${spans} spans`);
});

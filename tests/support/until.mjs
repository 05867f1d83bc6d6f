// Waiting without sleeping for luck: poll until something holds, and say what did not when the time is up.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** The first truthy value of probe(), which may be asynchronous. Fails after `withinMs`, naming `what`. */
export async function until(what, probe, { withinMs = 15_000, everyMs = 10 } = {}) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > deadline) assert.fail(`waited ${withinMs} ms in vain for ${what}`);
    await sleep(everyMs);
  }
}

/** The promise's value, or a failure naming `what` when it takes longer than `withinMs`. */
export async function within(what, promise, withinMs = 15_000) {
  const timeout = new AbortController();
  const late = sleep(withinMs, undefined, { signal: timeout.signal }).then(
    () => assert.fail(`waited ${withinMs} ms in vain for ${what}`),
    () => {},
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}

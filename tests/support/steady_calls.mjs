// Calls at a steady rate from a process of its own, so that what they take is no affair of the event loop that holds a
// crowd of sockets.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { within } from './until.mjs';

const processFile = fileURLToPath(new URL('steady_calls_process.mjs', import.meta.url));
const answerWithinMs = 60_000; // a call that takes long is a finding, and no reason to give up

export class SteadyCalls {
  #child;
  #ended; // rejected then

  /** `clients` that POST `body` to `path` every `everyMs` each, from when this is here: warm on both sides. */
  static async start({ port, path, body, clients = 1, everyMs, warmUpCalls = 200 }) {
    const calls = new SteadyCalls();
    calls.#child = fork(processFile, [JSON.stringify({ port, path, body, clients, everyMs, warmUpCalls })]);
    calls.#ended = once(calls.#child, 'exit').then(([code]) => {
      throw new Error(`the calling process ended with ${code}`);
    });
    calls.#ended.catch(() => {}); // nobody waits where stop() ends it
    await calls.#message();
    return calls;
  }

  /** {durations, failed} of the calls that ended since it was asked before: milliseconds, in ascending order. */
  async take() {
    this.#child.send('take');
    const { durations, failed } = await this.#message();
    return { durations: durations.sort((a, b) => a - b), failed };
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    const over = once(this.#child, 'exit');
    this.#child.disconnect();
    await within('the end of the calling process', over);
  }

  async #message() {
    const answered = Promise.race([once(this.#child, 'message'), this.#ended]);
    const [message] = await within('the calling process', answered, answerWithinMs);
    return message;
  }
}

/** The `part` quantile of numbers in ascending order. */
export const quantile = (sorted, part) => sorted[Math.floor(sorted.length * part)];

export function median(numbers) {
  return quantile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );
}

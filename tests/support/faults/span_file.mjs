// A collector in a process of its own, for runs of many spans and log records: it decodes there, with code that is not
// ours, and keeps them in files.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { temporaryFolder } from '../program.mjs';
import { within } from '../until.mjs';
import { readJsonLines } from './json_lines.mjs';

const processFile = fileURLToPath(new URL('collector_process.mjs', import.meta.url));

export class SpanFile {
  endpoint;
  #child;
  #folder;
  #asked = Promise.resolve();

  static async start() {
    const collector = new SpanFile();
    collector.#folder = await temporaryFolder();
    collector.#child = fork(processFile, [collector.#path('spans'), collector.#path('records')]);
    const [{ port }] = await within('the collector', once(collector.#child, 'message'));
    collector.endpoint = `http://127.0.0.1:${port}/v1/traces`;
    return collector;
  }

  #path(name) {
    return join(this.#folder.path, name);
  }

  /**
   * From here on: 'takes' all; 'refuses' connections; 'resets' them when a request has come; 'says nothing'; 'answers
   * 503', with Retry-After; or 'takes a part', all but three spans of each request, and says so.
   */
  mode(next) {
    return this.#ask('mode', next);
  }

  /**
   * {requests, taken, failed, spans, rejected, records, rejectedRecords, points, faults}; those that were rejected are
   * among the others, marked isRejected.
   */
  counts() {
    return this.#ask('counts');
  }

  /**
   * All spans so far: {traceId, spanId, parentSpanId, kind, at (when it came, Date.now()), start, end (texts), status,
   * attributes (those that are compared), decisions, isRejected}.
   */
  spans() {
    return this.#linesOf('spans');
  }

  /** All log records so far, as plainRecord() has them, and `at`, isRejected. */
  records() {
    return this.#linesOf('records');
  }

  /** Of the last export of metrics: [{name, type, labels, value, count, sum}]. */
  points() {
    return this.#ask('points');
  }

  async #linesOf(name) {
    await this.#ask('flush');
    return readJsonLines(this.#path(name));
  }

  async stop() {
    const over = once(this.#child, 'exit');
    this.#child.disconnect();
    await within('the end of the collector', over);
    await this.#folder.remove();
  }

  // One after the other, for answers have no names.
  #ask(...message) {
    const answer = this.#asked.then(async () => {
      this.#child.send(message);
      const [value] = await within(`the collector's answer to ${message[0]}`, once(this.#child, 'message'), 60_000);
      return value;
    });
    this.#asked = answer.catch(() => {});
    return answer;
  }
}

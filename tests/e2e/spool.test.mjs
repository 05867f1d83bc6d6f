// What the collector has not taken yet waits on the disk, and outlives the process however it ends: every span arrives
// once, or is counted.

import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Collector } from '../support/collector.mjs';
import { answeringUpstream, call, endpointOf } from '../support/export.mjs';
import { Gateway } from '../support/gateway.mjs';
import { fillDisk, mountDisk } from '../support/small_disk.mjs';
import { until, within } from '../support/until.mjs';

let upstream;
before(async () => (upstream = await answeringUpstream()));
after(() => upstream.stop());

/** Gateways one after the other in one folder, before one collector, which goes away and comes back. */
class Series {
  #gateways = [];

  /** `shell` starts the first one, see Program. */
  static async run(env, act, { shell } = {}) {
    const series = new Series();
    series.collector = await Collector.start();
    // With one shard there is one order of calls.
    series.env = { ...endpointOf(series.collector), ARCHESTRA_THREADS: '1', ...env };
    try {
      await series.start({}, shell);
      await act(series, series.collector);
      assert.deepEqual(series.collector.faults, []);
      await series.gateway.program.stop();
    } finally {
      for (const { program } of series.#gateways) if (program.isRunning) program.kill('SIGKILL');
      await series.#gateways[0]?.discard();
      await series.collector.stop();
    }
  }

  get gateway() {
    return this.#gateways.at(-1);
  }

  async start(env = {}, shell) {
    const whole = { OTEL_TRACES_EXPORTER: 'otlp', ...this.env, ...env };
    this.#gateways.push(await Gateway.start({ openaiBaseUrl: upstream.baseUrl(), of: this.gateway, env: whole, shell }));
  }

  /** Ends the gateway as the kernel does, and starts the next one. */
  async kill(env) {
    this.gateway.program.kill('SIGKILL');
    await within('its end', this.gateway.program.ended);
    await this.start(env);
  }

  /** As an operator ends it. */
  async restart(env) {
    await this.gateway.program.stop();
    await this.start(env);
  }

  /** So many calls, whose records are made: the answer goes first. */
  async calls(count) {
    const traceIds = [];
    const finalized = async () => (await this.gateway.scrape()).sum('llm_accounting_finalized_total');
    const before = await finalized();
    for (let i = 0; i < count; i += 1) traceIds.push(await call(this.gateway));
    await until('their records', async () => (await finalized()) === before + count);
    return traceIds;
  }

  /** Each call has sent its two spans, once, in the order of the calls. */
  async expectSpansOf(traceIds) {
    const { collector } = this;
    await until('the spans', () => collector.spans.length >= 2 * traceIds.length);
    const arrived = collector.spans.map(({ traceId }) => traceId);
    assert.deepEqual([...new Set(arrived)], traceIds, 'the oldest first');
    assert.equal(new Set(collector.spans.map(({ spanId }) => spanId)).size, 2 * traceIds.length);
    assert.equal(arrived.length, 2 * traceIds.length, 'each once');
  }

  async dropped() {
    const metrics = await this.gateway.scrape();
    const samples = metrics.samples('telemetry_dropped_total', { signal: 'traces' });
    return Object.fromEntries(samples.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.reason, value]));
  }

  async gauge(name) {
    return (await this.gateway.scrape()).sum(name, { signal: 'traces' });
  }

  /** Files below the folder for telemetry: their paths. */
  async files() {
    const folder = join(this.gateway.dataFolder, 'telemetry');
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }
}

const away = { status: 503 };

test('what was acknowledged outlives kill -9, and says whose it is', () =>
  Series.run({}, async (series, collector) => {
    const usual = collector.answer;
    collector.answer = away;
    const traceIds = await series.calls(5);
    await until('spans that wait', async () => (await series.gauge('telemetry_unsent')) === 10);
    traceIds.push(...(await series.calls(3))); // at most just out of their rings
    await series.kill();
    await until('spans that wait', async () => (await series.gauge('telemetry_unsent')) === 16);
    collector.answer = usual;
    traceIds.push(...(await series.calls(2)));
    await series.expectSpansOf(traceIds);
    const instances = collector.spans.map(({ resource }) => resource['service.instance.id']);
    assert.equal(new Set(instances.slice(0, 16)).size, 1);
    assert.equal(new Set(instances).size, 2, 'the later ones are of the later process');
    assert.deepEqual(await series.dropped(), {});
    await until('nothing that waits', async () => (await series.gauge('telemetry_unsent')) === 0);
    assert.equal(await series.gauge('telemetry_oldest_unsent_seconds'), 0);
    await until('its files to go', async () => (await series.files()).every((path) => !path.includes('traces') || path.includes('000000000001')));
  }));

test('what is in the rings is not lost by kill -9', () =>
  Series.run({ ARCHESTRA_THREADS: '2' }, async (series, collector) => {
    const usual = collector.answer;
    collector.answer = away; // else it may have spans that the process did not live to know of
    const traceIds = [];
    for (let round = 0; round < 5; round += 1) {
      traceIds.push(...(await series.calls(1 + round)));
      await series.kill(); // perhaps before the export thread has looked
    }
    collector.answer = usual;
    await until('the spans', () => collector.spans.length >= 2 * traceIds.length);
    assert.deepEqual(new Set(collector.spans.map(({ traceId }) => traceId)), new Set(traceIds));
    assert.equal(collector.spans.length, 2 * traceIds.length, 'each once');
  }));

test('what the collector has taken is not sent again', () =>
  Series.run({}, async (series, collector) => {
    const traceIds = await series.calls(4);
    await until('the spans', () => collector.spans.length === 8);
    await until('the answer to be read', async () => (await series.gauge('telemetry_unsent')) === 0);
    await series.kill();
    traceIds.push(...(await series.calls(1)));
    await series.expectSpansOf(traceIds);
  }));

test('an orderly end without a collector leaves them for the next process, and counts nothing', () =>
  Series.run({}, async (series, collector) => {
    const usual = collector.answer;
    collector.answer = away;
    const traceIds = await series.calls(3);
    await series.restart();
    assert.ok(await series.gauge('telemetry_oldest_unsent_seconds') >= 0);
    collector.answer = usual;
    await series.expectSpansOf(traceIds);
    assert.deepEqual(await series.dropped(), {});
  }));

test('an orderly end with one leaves no file', () =>
  Series.run({}, async (series, collector) => {
    await series.calls(2);
    await series.gateway.program.stop();
    assert.equal(collector.spans.length, 4);
    assert.deepEqual(await series.files(), []);
    await series.start();
  }));

test('damaged files: what can be read is sent, what cannot is counted, and the start succeeds', () =>
  Series.run({}, async (series, collector) => {
    const usual = collector.answer;
    collector.answer = away;
    const traceIds = await series.calls(20);
    await until('spans that wait', async () => (await series.gauge('telemetry_unsent')) === 40);
    series.gateway.program.kill('SIGKILL');
    await series.gateway.program.ended;
    const [file] = (await series.files()).filter((path) => path.endsWith('.spool'));
    const bytes = await readFile(file);
    const middle = bytes.indexOf(Buffer.from(traceIds[10], 'hex'));
    assert.ok(middle > 0);
    bytes.fill(0xff, middle, middle + 16);
    await writeFile(file, bytes);
    await writeFile(file.replace('000000000001', '000000000000'), 'this is no spool');
    collector.answer = usual;
    await series.start();
    await until('the spans', () => collector.spans.length === 38);
    assert.deepEqual(await series.dropped(), { spool_unreadable: 3 }, 'two spans, and a file that nobody knows');
  }));

test('a disk that is full at the start: calls are served, what waits on it is sent, the rest waits in memory', async (t) => {
  const disk = await mountDisk('24m');
  if (!disk) return t.skip('this user may mount no file system');
  const filler = join(disk.path, 'filler');
  try {
    const run = async (series, collector) => {
      const usual = collector.answer;
      const waiting = (count) => until(`${count} spans that wait`, async () => (await series.gauge('telemetry_unsent')) === count);
      const told = (text) => series.gateway.program.stderr.some((line) => line.includes(text));
      collector.answer = away;
      const traceIds = await series.calls(5);
      await waiting(10);
      series.gateway.program.kill('SIGKILL');
      await within('its end', series.gateway.program.ended);
      await fillDisk(filler);
      await series.start();
      assert.ok(told('telemetry cannot be kept on disk; it waits in memory'), series.gateway.program.stderr.join('\n'));
      traceIds.push(...(await series.calls(3)));
      await waiting(16);
      collector.answer = usual;
      await series.expectSpansOf(traceIds);
      assert.deepEqual(await series.dropped(), {});
      assert.equal((await series.gateway.api('GET', '/agents')).status, 200);

      // Which has made room by taking the earlier one's files away. In good order it can be ended, and started again, too.
      await fillDisk(filler);
      await series.restart();
      await rm(filler);
      collector.answer = away;
      await until('room that is found', async () => {
        traceIds.push(...(await series.calls(1)));
        return told('telemetry is kept on disk again');
      });
      await waiting(2 * (traceIds.length - 8));
      await series.kill();
      collector.answer = usual;
      // Those that waited in memory alone went with the process: no more than there were before there was room.
      await until('the last spans', () => new Set(collector.spans.map(({ traceId }) => traceId)).has(traceIds.at(-1)));
    };
    await Series.run({}, run, { shell: `ln -s '${disk.path}' data && exec "$0" "$@"` });
  } finally {
    await disk.remove();
  }
});

test('more than there is room for on the disk is counted', () =>
  Series.run({ ARCHESTRA_OTEL_SPOOL_LIMIT: '4MB', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' }, async (series, collector) => {
    collector.answer = away;
    const max = await series.gauge('telemetry_spool_max_bytes');
    assert.equal(max, 4 << 20);
    let calls = 0;
    const wide = { headers: { 'x-archestra-session-id': 's'.repeat(250), 'user-agent': 'u'.repeat(250) } };
    while ((await series.dropped()).spool_full === undefined) {
      await Promise.all(Array.from({ length: 100 }, () => call(series.gateway, wide)));
      calls += 100;
    }
    assert.ok((await series.gauge('telemetry_spool_bytes')) <= max);
    await until('all to be counted', async () => {
      const waiting = await series.gauge('telemetry_unsent');
      return waiting + (await series.dropped()).spool_full === 2 * calls;
    });
  }));

test('what waits for too long is counted', () =>
  Series.run({ ARCHESTRA_OTEL_SPOOL_MAX_AGE_MS: '1000' }, async (series, collector) => {
    collector.answer = away;
    await series.calls(2);
    await until('their end', async () => (await series.dropped()).spool_age === 4, { withinMs: 30_000 });
    await until('nothing that waits', async () => (await series.gauge('telemetry_unsent')) === 0);
    assert.deepEqual(collector.spans, []);
  }));

test('ARCHESTRA_OTEL_SPOOL_LIMIT=0 keeps nothing on the disk', () =>
  Series.run({ ARCHESTRA_OTEL_SPOOL_LIMIT: '0' }, async (series, collector) => {
    collector.answer = away;
    await series.calls(2);
    await until('spans that wait', async () => (await series.gauge('telemetry_unsent')) === 4);
    await assert.rejects(series.files(), { code: 'ENOENT' });
    assert.equal(await series.gauge('telemetry_spool_max_bytes'), 0);
  }));

test('without a collector that anybody named, spans wait in memory and their loss is no alarm', async () => {
  const gateway = await Gateway.start({
    openaiBaseUrl: upstream.baseUrl(),
    env: { OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_MAX_QUEUE_SIZE: '64' },
  });
  try {
    for (let i = 0; i < 40; i += 1) await call(gateway);
    const of = async (reason) => (await gateway.scrape()).sum('telemetry_dropped_total', { signal: 'traces', reason });
    // Should something listen where collectors are by default, this test has nothing to say.
    await until('the loss', async () => (await of('no_collector')) > 0 || (await gateway.scrape()).sum('otlp_export_spans_total') > 0);
    assert.equal(await of('queue_full'), 0);
    const files = await readdir(join(gateway.dataFolder, 'telemetry'), { recursive: true });
    assert.deepEqual(files.filter((name) => name.endsWith('.spool')), []);
  } finally {
    await gateway.stop();
  }
});

// What the process says of itself, provoked: a loop that stands still, sockets, calls under way, memory that comes
// and goes.

import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, exchange } from '../support/client.mjs';
import { silentPort } from '../support/dead_ends.mjs';
import { Gateway } from '../support/gateway.mjs';
import { chatRequest, completion, events, streamRequest } from '../support/openai_chat.mjs';
import { complaintsOfPromtool, prometheusMissing } from '../support/prometheus.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const megabyte = 1 << 20;

/** Type -> value of a family with that label. */
function byType(metrics, name) {
  return Object.fromEntries(metrics.samples(name).map(({ labels, value }) => [labels.type, value]));
}

const total = (values) => Object.values(values).reduce((sum, value) => sum + value, 0);

describe('the figures of the process', () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start();
  });
  after(() => gateway?.stop());

  const gauges = [
    'process_resident_memory_bytes',
    'process_virtual_memory_bytes',
    'process_virtual_memory_max_bytes',
    'process_heap_bytes',
    'process_start_time_seconds',
    'process_open_fds',
    'process_max_fds',
    'process_threads',
    'nodejs_eventloop_lag_seconds',
    'nodejs_eventloop_lag_min_seconds',
    'nodejs_eventloop_lag_max_seconds',
    'nodejs_eventloop_lag_mean_seconds',
    'nodejs_eventloop_lag_stddev_seconds',
    'nodejs_eventloop_lag_p50_seconds',
    'nodejs_eventloop_lag_p90_seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_active_requests_total',
    'nodejs_active_handles_total',
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_size_total_bytes',
    'nodejs_external_memory_bytes',
    'nodejs_version_info',
  ];

  test('have all the names that dashboards ask for', async () => {
    const metrics = await gateway.scrape();
    for (const name of gauges) {
      const family = metrics.familyOf(name);
      assert.equal(family.type, 'gauge', name);
      assert.ok(family.help.length > 0, name);
      assert.equal(family.samples.length, 1, name);
      assert.ok(Number.isFinite(family.samples[0].value) && family.samples[0].value >= 0, name);
    }
    const gc = metrics.familyOf('nodejs_gc_duration_seconds');
    const bounds = gc.samples.filter(({ labels }) => labels.kind === 'allocator' && labels.le).map(({ labels }) => labels.le);
    assert.deepEqual([gc.type, ...bounds], ['histogram', '0.001', '0.01', '0.1', '1.0', '2.0', '5.0', '+Inf']);
    const [{ labels }] = metrics.samples('nodejs_version_info');
    assert.equal(labels.version, metrics.samples('archestra_build_info')[0].labels.version);
    assert.equal(labels.version, [labels.major, labels.minor, labels.patch].join('.'));
    assert.equal(labels.runtime, 'cpp');
    assert.match(labels.compiler, /^clang \d+/);
  });

  test('agree with each other under both names', async () => {
    const metrics = await gateway.scrape();
    for (const what of ['requests', 'handles']) {
      const own = byType(metrics, `runtime_active_${what}`);
      assert.deepEqual(byType(metrics, `nodejs_active_${what}`), own);
      assert.equal(metrics.sum(`nodejs_active_${what}_total`), total(own));
    }
    assert.equal(metrics.sum('runtime_heap_used_bytes'), metrics.sum('nodejs_heap_size_used_bytes'));
    assert.equal(metrics.sum('runtime_external_memory_bytes'), metrics.sum('nodejs_external_memory_bytes'));
    assert.ok(metrics.sum('nodejs_external_memory_bytes') < metrics.sum('process_resident_memory_bytes'));
  });

  test('under their own names are named as Prometheus wants it', { skip: prometheusMissing }, async () => {
    const { body } = await exchange(gateway.metricsPort, 'GET', '/metrics');
    const complaints = await complaintsOfPromtool(body);
    assert.deepEqual(complaints.filter((line) => /^(runtime|process)_/.test(line)), []);
    const about = new Set(complaints.map((line) => line.split(' ')[0]));
    const asked = ['http_request_summary_seconds', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];
    assert.deepEqual([...about].sort(), asked, 'promtool ran, and has nothing against other names');
  });

  test('name each socket and file that is open', async () => {
    const metrics = await gateway.scrape();
    const handles = byType(metrics, 'nodejs_active_handles');
    const links = await linksOf(gateway.program.pid);
    const sockets = Object.entries(handles).filter(([type]) => type.endsWith('_socket'));
    // The scrape's own connection may have ended since.
    assert.ok(handles.scraper_socket >= 1);
    const open = total(Object.fromEntries(sockets)) - handles.scraper_socket;
    const standard = 3; // Node's pipes to its children are sockets
    const openNow = links.filter((link, fd) => fd >= standard && link.startsWith('socket:')).length;
    assert.ok(openNow - open >= 0 && openNow - open <= handles.scraper_socket, `${openNow} sockets, ${open} are shown`);
    assert.equal(handles.file, links.filter((link) => link.startsWith('/')).length);
  });

  test('count idle clients', async () => {
    const count = 25;
    const first = await gateway.scrape();
    const clients = await Promise.all(Array.from({ length: count }, () => Client.connect(gateway.apiPort)));
    const opened = await until('their sockets', async () => {
      const metrics = await gateway.scrape();
      return metrics.since(first, 'nodejs_active_handles', { type: 'client_socket' }) === count && metrics;
    });
    assert.ok(opened.since(first, 'nodejs_active_handles_total') >= 2 * count, 'each waits with a timer');
    for (const client of clients) client.close();
    await until('their end', async () => {
      const metrics = await gateway.scrape();
      return metrics.since(first, 'nodejs_active_handles', { type: 'client_socket' }) === 0;
    });
  });
});

/** What the descriptors of a process are, by their numbers. */
async function linksOf(pid) {
  const folder = `/proc/${pid}/fd`;
  const links = [];
  for (const fd of await readdir(folder)) links[fd] = await readlink(`${folder}/${fd}`).catch(() => '');
  return links;
}

describe('the lag of the event loops', () => {
  test('is as long as they stood still, once', async () => {
    const scene = await Scene.start();
    const { gateway } = scene;
    let over = false;
    try {
      const streaming = Promise.withResolvers();
      const name = scene.script(async (own) => {
        await own.streamHead();
        while (!over) {
          await own.chunk(events.word('a '));
          streaming.resolve();
          await sleep(2); // so that one of the loops has something to do all the time
        }
        await own.chunk(events.stop + events.done);
        await own.lastChunk();
      });
      const call = scene.post({ 'x-case': name }, streamRequest);
      await streaming.promise;
      await sleep(50);
      const before = await gateway.scrape();
      gateway.program.kill('SIGSTOP');
      await sleep(400);
      gateway.program.kill('SIGCONT');
      // The first page after it was noticed has it: on a busy machine that takes the loops a moment.
      let after;
      await until('the lag', async () => {
        after = await gateway.scrape();
        return after.sum('nodejs_eventloop_lag_max_seconds') > 0.2;
      });
      for (const what of ['nodejs_eventloop_lag_seconds', 'nodejs_eventloop_lag_max_seconds', 'runtime_event_loop_lag_max_seconds']) {
        assert.ok(after.sum(what) > 0.38, `${what}: ${after.sum(what)}`);
        assert.ok(after.sum(what) < 5, `${what}: ${after.sum(what)}`);
      }
      assert.ok(after.sum('nodejs_eventloop_lag_p50_seconds') <= after.sum('nodejs_eventloop_lag_max_seconds'));
      const long =
        after.since(before, 'runtime_event_loop_lag_seconds_count') -
        after.since(before, 'runtime_event_loop_lag_seconds_bucket', { le: '0.25' });
      assert.ok(long >= 1, 'it is in the histogram too');
      await until('figures without it', async () => (await gateway.scrape()).sum('nodejs_eventloop_lag_max_seconds') < 0.2);
      over = true;
      assert.equal((await call).status, 200);
    } finally {
      over = true; // or a failure would leave the stream going on for ever
      await scene.stop();
    }
  });
});

describe('operations under way', () => {
  const underWay = async (gateway, type) => byType(await gateway.scrape(), 'nodejs_active_requests')[type];
  const holds = (gateway, type, count) =>
    until(`${count} of ${type}`, async () => (await underWay(gateway, type)) === count);

  test('are calls, with the sockets they use', async () => {
    const scene = await Scene.start();
    const { gateway } = scene;
    try {
      const release = Promise.withResolvers();
      const name = scene.script(async (own) => {
        await release.promise;
        await own.json200(completion);
      });
      const calls = [1, 2, 3].map(() => scene.post({ 'x-case': name }, chatRequest));
      await holds(gateway, 'llm_call', calls.length);
      await until('their connections', async () => byType(await gateway.scrape(), 'nodejs_active_handles').upstream_socket === calls.length);
      assert.ok((await gateway.scrape()).sum('nodejs_active_requests_total') >= calls.length);
      release.resolve();
      for (const call of calls) assert.equal((await call).status, 200);
      await holds(gateway, 'llm_call', 0);
    } finally {
      await scene.stop();
    }
  });

  test('are connections that are being made', async () => {
    const silent = await silentPort();
    const gateway = await Gateway.start({ openaiBaseUrl: `http://127.0.0.1:${silent.port}/v1` });
    try {
      const client = await Client.connect(gateway.apiPort);
      const body = JSON.stringify(chatRequest);
      await client.request('POST', '/v1/openai/chat/completions', { headers: { 'Content-Type': 'application/json' }, body });
      await holds(gateway, 'dial', 1);
      client.close();
      await holds(gateway, 'dial', 0);
    } finally {
      await gateway.stop();
      silent.release();
    }
  });

  test('are requests to a collector', async () => {
    const scene = await Scene.start();
    const { gateway, collector } = scene;
    try {
      collector.isSilent = true;
      const name = scene.script((own) => own.json200(completion));
      assert.equal((await scene.post({ 'x-case': name }, chatRequest)).status, 200);
      await holds(gateway, 'telemetry_export', 1);
      assert.equal(byType(await gateway.scrape(), 'nodejs_active_handles').collector_socket, 1);
      collector.isSilent = false;
      collector.closeAll();
      await holds(gateway, 'telemetry_export', 0);
    } finally {
      await scene.stop();
    }
  });
});

describe('memory', () => {
  test('of a busy time is given back when it is over', async () => {
    const scene = await Scene.start();
    const { gateway } = scene;
    const count = 48;
    try {
      const release = Promise.withResolvers();
      const name = scene.script(async (own) => {
        await release.promise;
        await own.json200(completion);
      });
      const body = { ...chatRequest, messages: [{ role: 'user', content: 'x'.repeat(megabyte) }] };
      const before = await gateway.scrape();
      const calls = Array.from({ length: count }, () => scene.post({ 'x-case': name }, body));
      const busy = await until('their bodies', async () => {
        const metrics = await gateway.scrape();
        return metrics.sum('runtime_buffer_bytes', { state: 'in_use' }) >= count * megabyte && metrics;
      });
      assert.ok(busy.since(before, 'nodejs_heap_size_used_bytes') >= count * megabyte);
      assert.ok(busy.since(before, 'process_resident_memory_bytes') >= (count * megabyte) / 2);
      release.resolve();
      for (const call of calls) assert.equal((await call).status, 200);

      const trims = (metrics, kind) => metrics.since(before, 'nodejs_gc_duration_seconds_count', { kind });
      const quiet = await until('memory to be given back', async () => {
        const metrics = await gateway.scrape();
        const isOver = trims(metrics, 'allocator') >= 1 && trims(metrics, 'buffers') >= 1;
        return isOver && metrics.sum('runtime_buffer_bytes') < 2 * megabyte && metrics;
      });
      assert.ok(quiet.since(before, 'nodejs_gc_duration_seconds_sum') > 0);
      assert.ok(quiet.since(before, 'nodejs_heap_size_used_bytes') < (count * megabyte) / 4);
      const [{ labels }] = quiet.samples('runtime_info');
      if (labels.allocator !== 'jemalloc') return; // a sanitizer keeps what was freed
      await until('less resident memory', async () => {
        const metrics = await gateway.scrape();
        return metrics.since(before, 'process_resident_memory_bytes') < 8 * megabyte;
      });
      const times = async () => (await gateway.scrape()).sum('nodejs_gc_duration_seconds_count');
      await until('rest', async () => {
        const earlier = await times();
        await sleep(4500); // it looks every two seconds
        return (await times()) === earlier;
      });
    } finally {
      await scene.stop();
    }
  });
});

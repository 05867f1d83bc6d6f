// The wall clock jumps, or the process does not run for a while.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { exchange } from '../../support/client.mjs';
import { Collector } from '../../support/collector.mjs';
import { streamRequest } from '../../support/openai_chat.mjs';
import { temporaryFolder } from '../../support/program.mjs';
import { chatPath, newTrace } from '../../support/scene.mjs';
import { until } from '../../support/until.mjs';
import { moreCalls, seconds, withCalls, withGateway } from './scene.mjs';

const source = fileURLToPath(new URL('jumping_clock.c', import.meta.url));
const hourMs = 3_600_000;
const jumps = ['3600', '-3600', '0'];
const betweenMs = 1000;
const toleranceMs = 250; // of a client's clock on a busy machine; a jump is an hour
const streams = 10;
const tokens = 40;
const tokenIntervalMs = 100;

const stoppedMs = 4000;
const idleTimeoutMs = 2000;
const stoppedStreams = 800; // more than an event loop is told of at once

export const broken = 'clock: it jumps an hour ahead, two hours back and again to the true time while streams run';
export const brokenByStop = `clock: the process is stopped for ${seconds(stoppedMs)} (SIGSTOP) with ${stoppedStreams} streams whose time-out is ${seconds(idleTimeoutMs)}`;

/** What makes the gateway's wall clock, and that alone, differ by as many seconds as a file says. */
function jumpingClock(folder) {
  const library = join(folder.path, 'jumping_clock.so');
  execFileSync('clang-19', ['-shared', '-fPIC', '-O1', '-o', library, source]);
  return { LD_PRELOAD: library, JUMPING_CLOCK: join(folder.path, 'seconds') };
}

async function timedStream(gateway) {
  const { traceId, traceparent } = newTrace();
  const headers = {
    'Content-Type': 'application/json',
    'x-sim-tokens': `${tokens}`,
    'x-sim-token-interval-ms': `${tokenIntervalMs}`,
    traceparent,
  };
  const began = performance.now();
  const { status, end } = await exchange(gateway.apiPort, 'POST', chatPath, { headers, body: JSON.stringify(streamRequest) });
  assert.deepEqual([status, end], [200, 'complete']);
  return { traceId, ms: performance.now() - began };
}

/** How far what is said of a stream is from what its client saw. */
function off({ traceId, ms }, gateway, collector) {
  const spans = collector.spansOf(traceId).map(({ start, end }) => Number(end - start) / 1e6);
  const [line] = gateway.linesOf(traceId);
  return Math.max(...[line.duration_ms, ...spans].map((said) => Math.abs(said - ms)));
}

export async function run() {
  const folder = await temporaryFolder();
  const collector = await Collector.start();
  try {
    const env = jumpingClock(folder);
    const jump = (seconds) => writeFile(env.JUMPING_CLOCK, seconds);
    await jump('0');
    return await withGateway({ env, otlpEndpoint: collector.endpoint }, async (gateway) => {
      const began = Date.now();
      const before = await gateway.scrape();
      const sum = 'llm_request_duration_seconds_sum';
      let timed;
      const calls = await withCalls(gateway, async () => {
        const running = Array.from({ length: streams }, () => timedStream(gateway));
        for (const offset of jumps) {
          await sleep(betweenMs); // the streams are under way
          await jump(offset);
        }
        timed = await Promise.all(running);
      });
      const lasted = Date.now() - began;
      const times = gateway.accessLog.map(({ time }) => Date.parse(time));
      assert.ok(times.some((time) => time > began + 0.9 * hourMs), 'the clock was an hour ahead');
      assert.ok(times.some((time) => time < began - 0.9 * hourMs), 'and an hour behind');
      await until('spans', () => timed.every(({ traceId }) => collector.spansOf(traceId).length === 2));
      const worst = Math.max(...timed.map((stream) => off(stream, gateway, collector)));
      assert.ok(worst <= toleranceMs, `a duration is ${worst.toFixed(0)} ms off`);
      const after = await gateway.scrape();
      // At most what all clients can have waited together, were none ever idle.
      const observed = after.since(before, sum) * 1000;
      assert.ok(observed > 0 && observed <= (streams + 10) * lasted, `${observed} ms in all`);
      assert.equal(after.since(before, 'llm_requests_total', { outcome: 'completed' }), calls + streams);
      return {
        wentOn: `${calls} calls beside ${streams} streams, 0 failed; durations in spans, log and metric are at most ${worst.toFixed(0)} ms from the clients'`,
        cameBack: 'nothing had to: durations and time-outs are measured by the monotonic clock',
      };
    });
  } finally {
    await collector.stop();
    await folder.remove();
  }
}

export function runByStop() {
  const env = {
    ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: `${idleTimeoutMs}`,
    ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: `${idleTimeoutMs}`,
    ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS: `${idleTimeoutMs}`,
  };
  return withGateway({ env }, async (gateway) => {
    const crowd = (load) => load.add(stoppedStreams, { stream: true, sim: { tokens: 12, 'token-interval-ms': 500 } });
    const besideStop = async (load) => {
      await until('all streams', () => load.streaming > 0.9 * stoppedStreams, { withinMs: 30_000 });
      gateway.program.kill('SIGSTOP');
      await sleep(stoppedMs);
      gateway.program.kill('SIGCONT');
      await moreCalls(load, 500);
    };
    const calls = await withCalls(gateway, besideStop, crowd);
    return { wentOn: `${calls} calls, 0 failed`, cameBack: 'all streams, with what came meanwhile; no time-out fired before it was read' };
  });
}

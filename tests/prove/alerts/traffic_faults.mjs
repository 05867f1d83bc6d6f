// Faults of providers, and of what agents ask for, beside calls and streams as usual.

import { setTimeout as sleep } from 'node:timers/promises';

import { agentWith, block } from '../../support/policies.mjs';
import { jobs } from './scene.mjs';
import { Steady } from './steady.mjs';

const job = jobs.traffic;
const usualMs = 12_000; // of calls as usual before anything happens
const quick = { 'ttft-ms': 5, tokens: 5 };
const tool = 'send_email';

/** All at once: they have nothing to do with one another. Rows of the report. */
export async function trafficFaults(scene, note) {
  const { traffic: gateway } = scene;
  const agent = await agentWith(gateway, { invocation: [block(tool)] });
  const tools = [{ type: 'function', function: { name: tool, parameters: { type: 'object', properties: {} } } }];
  const mail = { path: `/v1/openai/${agent}/chat/completions`, body: { tools }, sim: { 'tool-calls': 1 } };
  const usual = [
    new Steady(gateway, { perSecond: 30 }),
    new Steady(gateway, { perSecond: 10, path: '/v1/flaky/chat/completions' }),
    new Steady(gateway, { perSecond: 0.5, ...mail }),
  ];
  const streams = new Steady(gateway, { perSecond: 10, stream: true, sim: quick });
  const stalling = new Steady(gateway, { perSecond: 2, stream: true, body: { model: 'gpt-stalling' }, sim: quick });
  await sleep(usualMs);
  let spike;
  const timed = async (fault) => {
    const rows = await scene.time({ job, ...fault });
    for (const { alert, failed } of rows) note(`${alert}: ${failed ?? 'fired and was resolved'}`);
    return rows;
  };
  const rows = await Promise.all([
    timed({
      alerts: [{ alert: 'ArchestraProviderDown', provider: 'flaky' }, 'ArchestraAvailabilityBurnFast', 'ArchestraAvailabilityBurnSlow'],
      fault: 'one of two providers, which has a fifth of the calls, refuses connections',
      mended: 'it takes them again',
      breaks: () => scene.flaky.down(),
      mends: () => scene.flaky.up(),
    }),
    timed({
      alerts: ['ArchestraFirstTokenBurnFast', 'ArchestraFirstTokenBurnSlow'],
      fault: 'the provider takes 3.3 s to begin its streams',
      mended: 'it begins them at once again',
      breaks: async () => (streams.sim = { ...quick, 'ttft-ms': 3_300 }),
      mends: async () => (streams.sim = quick),
    }),
    timed({
      alerts: [{ alert: 'ArchestraStreamsStall', model: 'gpt-stalling' }],
      fault: 'streams of one model stand still for 1.2 s',
      mended: 'they do no more',
      breaks: async () => (stalling.sim = { ...quick, 'stall-ms': 1_200, 'stall-after': 4 }),
      mends: async () => (stalling.sim = quick),
    }),
    timed({
      alerts: [{ alert: 'ArchestraBlockedToolSpike', agent_id: agent }],
      fault: 'an agent asks for a blocked tool twenty times as often as before',
      mended: 'it asks as before',
      breaks: async () => (spike = new Steady(gateway, { perSecond: 10, ...mail })),
      mends: async () => spike.stop(),
    }),
  ]);
  await Promise.all([...usual, streams, stalling].map((one) => one.stop()));
  return rows.flat();
}

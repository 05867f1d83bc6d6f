// Native histograms, as Prometheus 2.42 sees them: quantiles that are near the exact ones, and nothing that is lost where
// they are off.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { Prometheus, prometheusMissing } from '../support/prometheus.mjs';
import { until } from '../support/until.mjs';

const route = '/v1/openai/chat/completions';
const calls = 120;
const quantiles = [0.1, 0.5, 0.9, 0.99];

/** Calls whose latencies spread over more than a decade: 20 ms to 600 ms. */
async function traffic(gateway) {
  const latencies = Array.from({ length: calls }, (_, i) => Math.round(20 * 30 ** (i / (calls - 1))));
  const one = async (latency) => {
    const headers = { 'Content-Type': 'application/json', 'x-sim-latency-ms': String(latency) };
    const { status } = await exchange(gateway.apiPort, 'POST', route, { headers, body: JSON.stringify(chatRequest) });
    assert.equal(status, 200);
  };
  for (let i = 0; i < calls; i += 8) await Promise.all(latencies.slice(i, i + 8).map(one));
  await until('no call in flight', async () => (await gateway.scrape()).sum('llm_requests_in_flight') === 0);
  await until('their lines', () => linesOf(gateway).length === calls);
}

const linesOf = (gateway) => gateway.accessLog.filter(({ route: of }) => of === route);

/** The duration, in seconds, that a share of `q` of the requests did not exceed. */
function exactQuantile(gateway, q) {
  const durations = linesOf(gateway).map(({ duration_ms: ms }) => ms / 1000);
  durations.sort((a, b) => a - b);
  return durations[Math.max(0, Math.ceil(q * durations.length) - 1)];
}

describe('a real Prometheus', { skip: prometheusMissing }, () => {
  let simulator;
  before(async () => (simulator = await Simulator.start()));
  after(() => simulator?.stop());

  for (const isOn of [true, false])
    describe(`with native histograms ${isOn ? 'on' : 'off'}`, () => {
      let gateway;
      let prometheus;
      before(async () => {
        gateway = await Gateway.start({
          openaiBaseUrl: simulator.baseUrl,
          env: isOn ? { ARCHESTRA_METRICS_NATIVE_HISTOGRAMS: 'on' } : {},
        });
        prometheus = await Prometheus.start(gateway.metricsPort, {
          everyMs: 1000,
          args: ['--enable-feature=native-histograms'],
        });
        await prometheus.nextScrape(); // where families have no series yet
        await traffic(gateway);
        await prometheus.nextScrape();
        assert.equal(await prometheus.value('up'), 1);
      });
      after(async () => {
        await prometheus?.stop();
        await gateway?.stop();
      });

      const of = (family) => `${family}{${family.startsWith('http') ? `route="${route}"` : ''}}`;

      if (isOn) {
        for (const family of ['http_request_duration_seconds', 'llm_request_duration_seconds'])
          test(`${family} tells quantiles that are within 5 % of the exact ones`, async () => {
            assert.equal(await prometheus.value(`histogram_count(sum(${of(family)}))`), calls);
            for (const q of quantiles) {
              const exact = exactQuantile(gateway, q);
              const told = await prometheus.value(`histogram_quantile(${q}, sum(${of(family)}))`);
              assert.ok(Math.abs(told / exact - 1) < 0.05, `${q}: ${told} instead of ${exact}`);
            }
          });

        test('has these families as native ones as a whole, what is empty too', async () => {
          // Without usage there is no rate: its histogram is there, and has nothing in it.
          const headers = { 'Content-Type': 'application/json', 'x-sim-usage': 'none', 'x-sim-tokens': '5' };
          const body = JSON.stringify({ ...chatRequest, stream: true });
          assert.equal((await exchange(gateway.apiPort, 'POST', route, { headers, body })).status, 200);
          await prometheus.nextScrape();
          const native = [
            'http_request_duration_seconds',
            'llm_request_duration_seconds',
            'llm_time_to_first_byte_seconds',
            'llm_time_to_first_token_seconds',
            'llm_tokens_per_second',
            'llm_gateway_seconds',
          ];
          for (const family of native)
            assert.ok((await prometheus.query(`histogram_count(${family})`)).length > 0, family);
          assert.equal(await prometheus.value('histogram_count(llm_tokens_per_second)'), 0);
          assert.equal(await prometheus.value('histogram_count(llm_time_to_first_token_seconds)'), 1);
          const classic = await prometheus.query('count by (__name__) ({__name__=~".*_bucket"})');
          const names = classic.map(({ metric }) => metric.__name__);
          for (const family of native) assert.ok(!names.includes(`${family}_bucket`), family);
          assert.ok(names.includes('llm_inter_token_seconds_bucket'), 'others stay what they are');
        });
      } else {
        test('answers the classic queries', async () => {
          for (const family of ['http_request_duration_seconds', 'llm_request_duration_seconds']) {
            assert.equal(await prometheus.value(`sum(${of(`${family}_count`)})`), calls);
            const buckets = `sum by (le) (${family}_bucket)`;
            const median = await prometheus.value(`histogram_quantile(0.5, ${buckets})`);
            assert.ok(median > 0.02 && median < 0.6, `${family}: ${median}`);
          }
        });
      }
    });
});

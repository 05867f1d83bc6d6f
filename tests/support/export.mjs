// Gateways whose spans are looked at, each before a collector of its own.

import assert from 'node:assert/strict';

import { exchange } from './client.mjs';
import { Collector } from './collector.mjs';
import { Gateway } from './gateway.mjs';
import { chatRequest, completion } from './openai_chat.mjs';
import { chatPath, newTrace } from './scene.mjs';
import { Upstream } from './upstream.mjs';

/** An upstream that answers every call of call(). */
export async function answeringUpstream() {
  const upstream = await Upstream.start();
  upstream.on('chat', (own) => own.json200(completion));
  return upstream;
}

export const endpointOf = (collector) => ({ ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });

/**
 * Runs act(gateway, collector) with a gateway whose environment is env(collector); all is stopped after it. `secure` is
 * that of the collector.
 */
export async function withExport(upstream, env, act, { secure } = {}) {
  const collector = await Collector.start({ secure });
  try {
    const whole = { OTEL_TRACES_EXPORTER: 'otlp', ...env(collector) };
    await withGateway(upstream, whole, (gateway) => act(gateway, collector));
    assert.deepEqual(collector.faults, []);
  } finally {
    await collector.stop();
  }
}

export async function withGateway(upstream, env, act) {
  const gateway = await Gateway.start({ openaiBaseUrl: upstream.baseUrl(), env });
  try {
    await act(gateway);
  } finally {
    await gateway.stop();
  }
}

/** One chat call; the trace id it came with, if it did. */
export async function call(gateway, { caseName = 'chat', isTraced = true, headers: further } = {}) {
  const { traceId, traceparent } = newTrace();
  const own = { 'Content-Type': 'application/json', 'x-case': caseName, ...(isTraced && { traceparent }) };
  const headers = { ...own, ...further };
  const response = await exchange(gateway.apiPort, 'POST', chatPath, { headers, body: JSON.stringify(chatRequest) });
  assert.equal(response.status, 200);
  return isTraced ? traceId : undefined;
}

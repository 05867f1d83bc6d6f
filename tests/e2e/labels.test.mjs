// What metrics, spans and log call a request by: the label sets of the metrics, which are bounded, and what clients say
// of their requests, which is not and therefore never becomes one.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { chatRequest, completion, events, streamRequest } from '../support/openai_chat.mjs';
import { only, Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

describe('label sets', () => {
  let scene;
  before(async () => (scene = await Scene.start({ env: { ARCHESTRA_METRICS_LABEL_SETS: '2' } })));
  after(() => scene?.stop());

  const call = (model) =>
    scene.observe((headers) => scene.post(headers, { ...chatRequest, model }), {
      upstream: (own) => own.json200(completion),
    });

  test('beyond the budget are counted together, and nothing is lost', async () => {
    const models = ['one', 'two', 'three', 'four', 'one', 'three'];
    const overflow = { model: '__overflow__', agent_id: '__overflow__', agent_name: '__overflow__' };
    for (const [index, model] of models.entries()) {
      const { record } = await call(model);
      const folds = index > 1 && !['one', 'two'].includes(model);
      const labels = { provider: 'openai', ...(folds ? overflow : { model }) };
      assert.equal(record.growth('llm_requests_total', labels), 1, `${model}: ${JSON.stringify(record.requests)}`);
      assert.equal(record.growth('llm_request_duration_seconds_count', labels), 1);
      assert.deepEqual(record.tokens, { input: completion.usage.prompt_tokens, output: completion.usage.completion_tokens });
      assert.equal(record.growth('telemetry_folded_calls_total'), folds ? 1 : 0);
    }
    const metrics = await scene.gateway.scrape();
    assert.equal(metrics.sum('llm_requests_total'), models.length);
    assert.equal(metrics.sum('telemetry_label_sets', { kind: 'model' }), 2);
    assert.equal(metrics.sum('telemetry_label_sets_max', { kind: 'model' }), 2);
    assert.equal(metrics.samples('llm_requests_total', overflow).length, 1);
  });
});

describe('a model that nobody called before', () => {
  let scene;
  before(async () => (scene = await Scene.start()));
  after(() => scene?.stop());

  test('is there at zero while its first stream goes on', async () => {
    const labels = { provider: 'openai', model: 'fresh', agent_name: 'Default Agent' };
    let during;
    const { record } = await scene.observe((headers) => scene.post(headers, { ...streamRequest, model: 'fresh' }), {
      upstream: async (own) => {
        await own.streamHead();
        await own.chunk(events.role);
        await until('the series of the model', async () => {
          during = await scene.gateway.scrape();
          return during.samples('llm_requests_total', labels).length > 0;
        });
        await own.chunk(events.word('one') + events.stop + events.done);
        await own.lastChunk();
      },
    });
    const zero = (name, more) => assert.equal(only(during.samples(name, { ...labels, ...more }), name).value, 0);
    zero('llm_requests_total', { outcome: 'completed' });
    zero('llm_request_duration_seconds_count', { status_code: '200' });
    zero('llm_time_to_first_token_seconds_count');
    zero('llm_tokens_total', { type: 'input' });
    zero('llm_tokens_total', { type: 'output' });
    assert.equal(during.sum('llm_requests_in_flight'), 1);
    assert.equal(record.growth('llm_requests_total', labels), 1);
  });

  test('is no label where the provider refuses it', async () => {
    await scene.observe((headers) => scene.post(headers, { ...chatRequest, model: 'made-up' }), {
      upstream: (own) => {
        const body = JSON.stringify({ error: { message: 'no such model' } });
        return own.respond(404, { 'Content-Type': 'application/json' }, body);
      },
    });
    const metrics = await scene.gateway.scrape();
    assert.deepEqual(metrics.samples('llm_requests_total', { model: 'made-up' }), []);
    assert.ok(metrics.sum('llm_requests_total', { model: 'unknown', outcome: 'upstream_error' }) > 0);
  });
});

describe('series of an agent', () => {
  const retireAfterMs = 400;
  let scene;
  before(async () => {
    scene = await Scene.start({
      env: { ARCHESTRA_METRICS_LABEL_SETS: '3', ARCHESTRA_METRICS_RETIRE_AFTER_MS: `${retireAfterMs}` },
    });
  });
  after(() => scene?.stop());

  const create = async (fields) => (await scene.gateway.api('POST', '/agents', fields)).json;
  const call = (id, model) =>
    scene.observe(
      (headers) => scene.post(headers, { ...chatRequest, model }, { path: `/v1/openai/${id}/chat/completions` }),
      { upstream: (own) => own.json200(completion) },
    );

  test('appear at zero under its new labels, and vanish some time after it', async () => {
    const { id } = await create({ name: 'Changing', labels: [{ key: 'phase', value: 'old' }] });
    await call(id, 'one');
    await scene.gateway.api('PUT', `/agents/${id}`, { labels: [{ key: 'phase', value: 'new' }] });
    const changed = await scene.gateway.scrape();
    const families = ['llm_requests_total', 'llm_request_duration_seconds_count', 'llm_tokens_total'];
    for (const name of families) {
      const old = changed.samples(name, { agent_id: id, phase: 'old' });
      assert.ok(old.length > 0 && old.every(({ value }) => value > 0), `${name} of the old labels`);
      const fresh = changed.samples(name, { agent_id: id, phase: 'new' });
      assert.deepEqual(fresh.map(({ labels, value }) => [{ ...labels, phase: 'old' }, value]),
        old.map(({ labels }) => [labels, 0]), `${name} of the new labels`);
    }
    await call(id, 'one');
    const sum = (await scene.gateway.scrape()).sum('llm_requests_total', { agent_id: id });
    assert.equal(sum, 2, 'over both labels');

    const { id: other } = await create({ name: 'Other' });
    await call(other, 'one');
    const folded = (await call(other, 'two')).record;
    assert.equal(folded.requests.labels.model, '__overflow__', 'there is no place for a fourth');

    assert.equal((await scene.gateway.api('DELETE', `/agents/${id}`)).status, 204);
    const deleted = performance.now();
    let last;
    await until('the end of the series', async () => {
      const metrics = await scene.gateway.scrape();
      const shown = families.map((name) => metrics.samples(name, { agent_id: id }).length > 0);
      assert.equal(new Set(shown).size, 1, 'all of them vanish at once');
      if (shown[0]) {
        assert.equal(metrics.sum('llm_requests_total', { agent_id: id }), 2);
        last = performance.now();
      }
      return !shown[0];
    });
    assert.ok(last !== undefined && performance.now() - deleted >= retireAfterMs, 'they stay for a while');
    // Both shards have let go when both have served something. An idle machine may give one connection after the other
    // to the same one; of many at once each takes some.
    await until('the places of the sets', async () => {
      await Promise.all(Array.from({ length: 32 }, () => scene.gateway.api('GET', '/agents')));
      return (await scene.gateway.scrape()).sum('telemetry_label_sets', { kind: 'model' }) === 1;
    });
    const placed = (await call(other, 'two')).record;
    assert.equal(placed.requests.labels.model, 'two', 'there is room again');
  });
});

describe('what a client says of its request', () => {
  let scene;
  before(async () => (scene = await Scene.start()));
  after(() => scene?.stop());

  const said = {
    'in fields of their own': {
      'X-Archestra-Agent-Id': 'planner',
      'X-Archestra-Session-Id': 'session-7',
      'x-archestra-run-id': 'run-7',
      'X-Archestra-User-Id': 'user-7',
    },
    'in one': {
      'X-Archestra-Meta': 'planner/run-7/session-7',
      'X-Archestra-User-Id': 'user-7',
    },
    'in both, where its own field wins': {
      'X-Archestra-Meta': 'other/run-7/other',
      'X-Archestra-Agent-Id': 'planner',
      'X-Archestra-Session-Id': 'session-7',
      'X-Archestra-User-Id': 'user-7',
    },
  };
  for (const [name, headers] of Object.entries(said)) {
    test(`${name} is on spans and log, never on metrics, and stays here`, async () => {
      let seen;
      const { record } = await scene.observe((own) => scene.post(own, chatRequest), {
        headers,
        upstream: (own) => {
          seen = own.fields.list.map(([field]) => field.toLowerCase());
          return own.json200(completion);
        },
      });
      for (const { attributes } of [record.server, record.client]) {
        assert.equal(attributes['archestra.client.agent_id'], 'planner');
        assert.equal(attributes['session.id'], 'session-7');
        assert.equal(attributes['gen_ai.conversation.id'], 'session-7');
        assert.equal(attributes['archestra.run.id'], 'run-7');
        assert.equal(attributes['user.id'], 'user-7');
      }
      assert.equal(record.client.attributes['agent.name'], 'Default Agent');
      const { client_agent_id, session_id, run_id, user_id, agent_name } = record.log;
      assert.deepEqual(
        { client_agent_id, session_id, run_id, user_id, agent_name },
        { client_agent_id: 'planner', session_id: 'session-7', run_id: 'run-7', user_id: 'user-7', agent_name: 'Default Agent' },
      );
      const values = record.requests.labels;
      assert.ok(!Object.values(values).some((value) => /-7|planner/.test(value)), JSON.stringify(values));
      assert.ok(seen.includes('x-case'));
      assert.deepEqual(seen.filter((field) => field.startsWith('x-archestra')), [], 'fields that went upstream');
    });
  }
});

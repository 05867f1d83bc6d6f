// The platform API of tools and policies: what it answers, refuses and keeps; and what becomes of policies that another
// program has put into the database and that cannot be used.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { chatRequest } from '../support/openai_chat.mjs';
import { run } from '../support/program.mjs';
import { only } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const defaultId = '00000000-0000-4000-8000-000000000001';
const nobody = '00000000-0000-4000-8000-0000000000ff';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const invocation = '/tool-invocation-policies';
const trusted = '/trusted-data-policies';

/** Runs act(database) on a gateway's database, as another program would, which need not respect references. */
function inDatabase(gateway, act) {
  const database = new DatabaseSync(join(gateway.dataFolder, 'archestra.db'), { enableForeignKeyConstraints: false });
  try {
    return act(database);
  } finally {
    database.close();
  }
}

async function create(gateway, path, fields) {
  const { status, json } = await gateway.api('POST', path, fields);
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

function assertError({ status, json }, expectedStatus, type, message) {
  assert.equal(status, expectedStatus, JSON.stringify(json));
  assert.deepEqual(Object.keys(json), ['error']);
  assert.equal(json.error.type, type);
  assert.match(json.error.message, message);
}

const statusOf = async (gateway) => (await gateway.api('GET', '/policies/status')).json;

const kinds = {
  'a tool invocation policy': {
    path: invocation,
    none: /no tool invocation policy/,
    fields: {
      tool: 'send_email',
      conditions: [{ key: 'to[*].address', operator: 'notContains', value: '@example.com' }],
      action: 'block_when_context_is_untrusted',
      reason: 'Mail stays in the house: "ü" 🤖',
      mode: 'observe',
    },
    least: { tool: 'x', action: 'block_always' },
    defaults: { agentId: null, conditions: [], reason: '', mode: 'enforce' },
    change: { action: 'allow_when_context_is_untrusted', reason: '' },
  },
  'a trusted data policy': {
    path: trusted,
    none: /no trusted data policy/,
    fields: {
      tool: 'read_inbox',
      conditions: [
        { key: 'emails[*].from', operator: 'endsWith', value: '@example.com' },
        { key: '', operator: 'regex', value: '^\\{' },
      ],
      action: 'mark_as_trusted',
      description: 'From colleagues',
    },
    least: { tool: 'x', action: 'mark_as_untrusted' },
    defaults: { agentId: null, conditions: [], description: '' },
    change: { action: 'block_always', description: 'Secret' },
  },
};

for (const [name, { path, none, fields, least, defaults, change }] of Object.entries(kinds)) {
  describe(name, () => {
    let gateway;
    before(async () => {
      gateway = await Gateway.start({ env: { ARCHESTRA_THREADS: '3' } });
    });
    after(() => gateway.stop());

    test('is made, shown, changed and deleted', async () => {
      const made = await gateway.api('POST', path, { ...fields, agentId: defaultId.toUpperCase() });
      assert.equal(made.status, 201, JSON.stringify(made.json));
      const { id, createdAt, updatedAt, ...rest } = made.json;
      assert.match(id, uuid);
      assert.equal(made.fields.get('location'), `/api${path}/${id}`);
      assert.deepEqual(rest, { ...fields, agentId: defaultId });
      assert.equal(createdAt, updatedAt);
      assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000, createdAt);
      assert.deepEqual((await gateway.api('GET', `${path}/${id}`)).json, made.json);

      const changed = await gateway.api('PUT', `${path}/${id}`, { ...change, agentId: null });
      assert.equal(changed.status, 200, JSON.stringify(changed.json));
      assert.ok(changed.json.updatedAt > updatedAt, 'a change is later');
      const expected = { ...made.json, ...change, agentId: null, updatedAt: changed.json.updatedAt };
      assert.deepEqual(changed.json, expected);
      assert.deepEqual((await gateway.api('PUT', `${path}/${id}`, change)).json, expected, 'nothing is different');
      assert.deepEqual((await gateway.api('GET', `${path}/${id}`)).json, expected);

      assert.equal((await gateway.api('DELETE', `${path}/${id}`)).status, 204);
      for (const [method, body] of [['GET'], ['PUT', {}], ['DELETE']])
        assertError(await gateway.api(method, `${path}/${id}`, body), 404, 'not_found', none);
    });

    test('has defaults', async () => {
      const { id, createdAt, updatedAt, ...rest } = await create(gateway, path, least);
      assert.deepEqual(rest, { ...least, ...defaults });
      await gateway.api('DELETE', `${path}/${id}`);
    });

    test('is listed', async () => {
      const agent = await create(gateway, '/agents', { name: 'Lister' });
      const made = [];
      for (const [tool, agentId] of [['b', null], ['a', agent.id], ['c', agent.id], ['a', defaultId]])
        made.push((await create(gateway, path, { ...least, tool, agentId })).id);
      const found = async (query) =>
        (await gateway.api('GET', `${path}?${query}`)).json.data.map(({ id }) => made.indexOf(id));
      assert.deepEqual(await found(''), [0, 1, 2, 3]);
      assert.deepEqual(await found('sortDirection=desc&limit=2'), [3, 2]);
      assert.deepEqual((await found('sortBy=tool')).slice(2), [0, 2]);
      assert.deepEqual(await found(`agentId=${agent.id}`), [1, 2]);
      assert.deepEqual(await found('agentId=null'), [0]);
      assert.deepEqual(await found('tool=a&sortBy=createdAt'), [1, 3]);
      const { pagination } = (await gateway.api('GET', `${path}?limit=1&offset=2`)).json;
      assert.deepEqual(pagination, { limit: 1, offset: 2, total: 4 });

      assert.equal((await gateway.api('DELETE', `/agents/${agent.id}`)).status, 204);
      assert.deepEqual(await found(''), [0, 3], 'an agent takes its own along');
      for (const id of [made[0], made[3]]) assert.equal((await gateway.api('DELETE', `${path}/${id}`)).status, 204);
    });

    const long = 'x'.repeat(1001);
    const text = 'reason' in fields ? 'reason' : 'description';
    const condition = (given) => ({ conditions: [{ key: 'a', operator: 'equal', value: 'b', ...given }] });
    const table = {
      'of no tool': [{ tool: '' }, /tool's name/],
      'of a tool with too long a name': [{ tool: 'x'.repeat(257) }, /257 bytes.*256/],
      'of an agent that is not there': [{ agentId: nobody }, /"agentId" is the id of no agent/],
      'of something that is no agent': [{ agentId: 'me' }, /"agentId" is not a UUID/],
      'with an action that is none': [{ action: 'allow' }, /"action" must be one of/],
      'with too long a text': [{ [text]: long }, /1001 characters; it may have 1000/],
      'with a field that does not exist': [{ colour: 'red' }, /"colour" is no field/],
      'with a field that only we set': [{ id: defaultId }, /"id" is no field/],
      'with conditions that are no list': [{ conditions: {} }, /"conditions" must be a list/],
      'with too many conditions': [{ conditions: Array(33).fill(condition().conditions[0]) }, /33 conditions.*32/],
      'with an operator that is none': [condition({ operator: 'like' }), /"conditions\[0\]\.operator" must be one of/],
      'with a value that is no text': [condition({ value: 5 }), /"conditions\[0\]\.value" must be a string/],
      'with a path that is none': [condition({ key: 'a[' }), /Condition 1: The key "a\[" is no path/],
      'with a pattern that is none': [condition({ operator: 'regex', value: '(' }), /Condition 1: .*missing \): \(/],
      'with a pattern of another engine': [condition({ operator: 'regex', value: '(?=a)' }), /RE2: .*\(\?=/],
    };
    for (const [fault, [given, message]] of Object.entries(table)) {
      test(`${fault} is refused`, async () => {
        const { id } = await create(gateway, path, least);
        const before = (await gateway.api('GET', path)).json;
        assertError(await gateway.api('POST', path, { ...least, ...given }), 400, 'invalid_request', message);
        assertError(await gateway.api('PUT', `${path}/${id}`, given), 400, 'invalid_request', message);
        assert.deepEqual((await gateway.api('GET', path)).json, before, 'nothing was made or changed');
        await gateway.api('DELETE', `${path}/${id}`);
      });
    }

    test('without a tool or an action is refused', async () => {
      for (const missing of ['tool', 'action']) {
        const { [missing]: _, ...others } = least;
        const message = new RegExp(`"${missing}" is missing`);
        assertError(await gateway.api('POST', path, others), 400, 'invalid_request', message);
      }
      assert.equal((await gateway.api('GET', `${path}/x`)).status, 400);
      assert.equal((await gateway.api('PATCH', path, {})).status, 405);
      assert.equal((await gateway.api('GET', path, undefined, { token: 'wrong' })).status, 401);
    });

    test('outlives the process', async () => {
      const made = await create(gateway, path, { ...fields, agentId: defaultId });
      gateway.program.kill('SIGKILL');
      await gateway.program.ended;
      gateway = await Gateway.start({ of: gateway });
      assert.deepEqual((await gateway.api('GET', `${path}/${made.id}`)).json, made);
      assert.equal((await statusOf(gateway)).policies, 1);
    });
  });
}

test('operators are named and described', async () => {
  const gateway = await Gateway.start();
  try {
    const { data } = (await gateway.api('GET', '/policy-operators')).json;
    const names = ['equal', 'notEqual', 'contains', 'notContains', 'startsWith', 'endsWith', 'regex'];
    assert.deepEqual(data.map(({ name }) => name), names);
    assert.ok(data.every(({ description }) => description.length > 10));
    for (const { name } of data)
      await create(gateway, invocation, {
        tool: 'x',
        action: 'block_always',
        conditions: [{ key: 'k', operator: name, value: 'v' }],
      });
  } finally {
    await gateway.stop();
  }
});

describe('tools', () => {
  let gateway;
  const id = '00000000-0000-4000-9000-000000000001';
  before(async () => {
    gateway = await Gateway.start();
    inDatabase(gateway, (database) => {
      const insert = database.prepare("INSERT INTO tools VALUES (?, ?, ?, 'untrusted', 0, ?, ?, ?, ?)");
      insert.run(id, defaultId, 'search', 1, 1, 'Finds.', '{"type":"object"}');
      insert.run(id.replace(/1$/, '2'), defaultId, 'Send_mail', 2, 2, '', '');
    });
  });
  after(() => gateway.stop());

  test('are listed and shown', async () => {
    const { data, pagination } = (await gateway.api('GET', '/tools')).json;
    assert.deepEqual(data.map(({ name }) => name), ['Send_mail', 'search']);
    assert.deepEqual(pagination, { limit: 50, offset: 0, total: 2 });
    const time = '1970-01-01T00:00:00.000001Z';
    const shown = {
      id,
      agentId: defaultId,
      name: 'search',
      description: 'Finds.',
      resultTreatment: 'untrusted',
      usableWithUntrustedData: false,
      createdAt: time,
      updatedAt: time,
    };
    assert.deepEqual(data[1], shown);
    assert.deepEqual((await gateway.api('GET', `/tools/${id}`)).json, { ...shown, parameters: { type: 'object' } });
    const names = async (query) => (await gateway.api('GET', `/tools?${query}`)).json.data.map(({ name }) => name);
    assert.deepEqual(await names('search=D_M'), ['Send_mail']);
    assert.deepEqual(await names(`agentId=${defaultId}&sortBy=createdAt&limit=1`), ['search']);
    assert.deepEqual(await names(`agentId=${nobody}`), []);
    assert.equal((await gateway.api('POST', '/tools', {})).status, 405);
    assertError(await gateway.api('GET', '/tools?agentId=x'), 400, 'invalid_request', /agentId/);
  });

  test('have settings that can be set and are kept', async () => {
    const put = (fields) => gateway.api('PUT', `/tools/${id}`, fields);
    const changed = await put({ resultTreatment: 'trusted' });
    assert.equal(changed.status, 200, JSON.stringify(changed.json));
    assert.deepEqual([changed.json.resultTreatment, changed.json.usableWithUntrustedData], ['trusted', false]);
    assert.ok(changed.json.updatedAt > changed.json.createdAt);
    assert.equal((await put({ usableWithUntrustedData: true })).json.resultTreatment, 'trusted');
    assertError(await put({ resultTreatment: 'good' }), 400, 'invalid_request', /"resultTreatment" must be one of trusted, untrusted/);
    assertError(await put({ name: 'other' }), 400, 'invalid_request', /"name" is no field/);
    const before = (await gateway.api('GET', `/tools/${id}`)).json;
    await gateway.program.stop();
    gateway = await Gateway.start({ of: gateway });
    assert.deepEqual((await gateway.api('GET', `/tools/${id}`)).json, before);
    assert.equal((await gateway.api('DELETE', `/tools/${id}`)).status, 204);
    for (const [method, body] of [['GET'], ['PUT', {}], ['DELETE']])
      assertError(await gateway.api(method, `/tools/${id}`, body), 404, 'not_found', /no tool/);
  });
});

describe('tools that calls declare', () => {
  let simulator;
  let gateway;
  before(async () => {
    simulator = await Simulator.start();
    gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
  });
  after(async () => {
    await gateway.stop();
    await simulator.stop();
  });

  const declared = (name, description) => ({
    type: 'function',
    function: { name, description, parameters: { type: 'object', properties: { q: { type: 'string' } } } },
  });
  async function call(tools, agent = '') {
    const { status } = await exchange(gateway.apiPort, 'POST', `/v1/openai/${agent}chat/completions`, {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...chatRequest, tools }),
    });
    assert.equal(status, 200);
  }
  const listed = async (query = '') => (await gateway.api('GET', `/tools?${query}`)).json.data;
  const learned = (what, holds) => until(what, async () => holds(await listed()));

  test('are learned, follow what is declared last, and come back when they were forgotten', async () => {
    await call([declared('search', 'Finds.'), declared('send', 'Sends.')]);
    await learned('both tools', (tools) => tools.length === 2);
    const [search, send] = await listed();
    assert.deepEqual([search.name, search.description, search.agentId], ['search', 'Finds.', defaultId]);
    assert.deepEqual([search.resultTreatment, search.usableWithUntrustedData], ['untrusted', false]);
    const { parameters } = (await gateway.api('GET', `/tools/${search.id}`)).json;
    assert.deepEqual(parameters, declared().function.parameters);
    assert.deepEqual((await statusOf(gateway)).policies, 0);

    await gateway.api('PUT', `/tools/${search.id}`, { usableWithUntrustedData: true });
    await call([declared('search', 'Finds more.')]);
    await learned('the change', ([{ description }]) => description === 'Finds more.');
    assert.deepEqual([(await listed())[0].id, (await listed())[0].usableWithUntrustedData], [search.id, true]);

    assert.equal((await gateway.api('DELETE', `/tools/${send.id}`)).status, 204);
    assert.deepEqual((await listed()).map(({ name }) => name), ['search']);
    await call([declared('search', 'Finds more.'), declared('send', 'Sends.')]);
    await learned('it to be there again', (tools) => tools.length === 2);
    assert.notEqual((await listed())[1].id, send.id);
  });

  test('are those of their agent, and go with it', async () => {
    const agent = await create(gateway, '/agents', { name: 'A' });
    await call([declared('search', 'Of A.')], `${agent.id}/`);
    const own = `agentId=${agent.id}`;
    await until('its tool', async () => (await listed(own)).length === 1);
    assert.equal((await listed(own))[0].description, 'Of A.');
    assert.equal((await gateway.api('DELETE', `/agents/${agent.id}`)).status, 204);
    assert.deepEqual(await listed(own), []);
    assert.equal((await listed('search=search')).length, 1, 'the other has its own');
  });

  test('hold up no call while the database is locked', async () => {
    const other = new DatabaseSync(join(gateway.dataFolder, 'archestra.db'));
    other.exec('BEGIN IMMEDIATE');
    try {
      const began = performance.now();
      for (let i = 0; i < 20; i += 1) await call([declared(`locked_${i}`, '')]);
      assert.ok(performance.now() - began < 10_000, 'no call waits for the lock, which takes two seconds each');
      const message = 'tools that agents declared were not stored';
      await until(message, () => gateway.program.stderr.some((line) => JSON.parse(line).message === message));
      assert.deepEqual(await listed('search=locked'), []);
    } finally {
      other.close();
    }
    // Those that were given up are learned from later calls.
    const last = async () => {
      await call([declared('locked_0', '')]);
      return (await listed('search=locked_0')).length === 1;
    };
    await until('one of them', last, { everyMs: 100, withinMs: 30_000 });
  });
});

describe('a policy that cannot be used, which another program wrote', () => {
  const breakPattern = (database) => database.exec("UPDATE tool_invocation_conditions SET condition_value = '('");
  const mendPattern = (database) => database.exec("UPDATE tool_invocation_conditions SET condition_value = 'b'");
  const pattern = { conditions: [{ key: 'a', operator: 'regex', value: 'b' }] };
  const make = (gateway, fields = pattern) =>
    create(gateway, invocation, { tool: 'x', action: 'block_always', ...fields });
  /** The one line of this message, which comes by another way than answers do. */
  async function told(gateway, message) {
    const lines = () => gateway.program.stderr.map((line) => JSON.parse(line)).filter((line) => line.message === message);
    await until(message, () => lines().length > 0);
    return only(lines(), 'lines');
  }
  const whatFailed = 'the policies cannot be used; the last good ones stay in force';

  async function figures(gateway) {
    const metrics = await gateway.scrape();
    const loads = (result) => metrics.sum('policy_set_loads_total', { result });
    return [loads('success'), loads('error'), metrics.sum('policy_set_failing', {})];
  }

  async function withGateway(act) {
    const gateway = await Gateway.start();
    try {
      await act(gateway);
    } finally {
      if (gateway.program.isRunning) await gateway.stop();
      else await gateway.discard();
    }
  }

  test('makes a write a conflict that changes nothing, until it is mended', () =>
    withGateway(async (gateway) => {
      const { id } = await make(gateway);
      const status = await statusOf(gateway);
      assert.deepEqual([status.policies, status.error], [1, null]);
      assert.ok(Math.abs(Date.parse(status.loaded) - Date.now()) < 60_000, status.loaded);
      assert.deepEqual(await figures(gateway), [2, 0, 0]);

      inDatabase(gateway, breakPattern);
      const why = new RegExp(`The tool invocation policy ${id} cannot be used\\. Condition 1: .*missing \\): \\(`);
      const post = await gateway.api('POST', trusted, { tool: 'x', action: 'mark_as_trusted' });
      assertError(post, 409, 'conflict', why);
      assert.match(post.json.error.message, /^Nothing was changed/);
      assert.deepEqual((await gateway.api('GET', trusted)).json.data, []);
      assert.equal(inDatabase(gateway, (database) => database.prepare('SELECT * FROM trusted_data_policies').all()).length, 0);
      const failing = await statusOf(gateway);
      assert.deepEqual([failing.policies, failing.loaded, failing.error.id], [1, status.loaded, id]);
      assert.match(failing.error.message, why);
      assert.ok(failing.error.since >= status.loaded);
      assert.deepEqual(await figures(gateway), [2, 1, 1]);
      const line = await told(gateway, whatFailed);
      assert.equal(line.level, 'error');
      assert.match(line.why, why);
      assert.deepEqual((await gateway.api('GET', `${invocation}/${id}`)).json.conditions, pattern.conditions, 'what is in force');

      assert.equal((await gateway.api('PUT', `${invocation}/${id}`, pattern)).status, 200);
      assert.equal((await statusOf(gateway)).error, null);
      assert.deepEqual(await figures(gateway), [3, 1, 0]);
      assert.equal((await gateway.api('POST', trusted, { tool: 'x', action: 'mark_as_trusted' })).status, 201);
    }));

  test('leaves the last good ones in force at SIGHUP', () =>
    withGateway(async (gateway) => {
      const { id } = await make(gateway);
      inDatabase(gateway, breakPattern);
      gateway.program.kill('SIGHUP');
      const failing = await until('the failure', async () => {
        const status = await statusOf(gateway);
        return status.error && status;
      });
      assert.deepEqual([failing.policies, failing.error.id], [1, id]);
      await told(gateway, whatFailed);
      assert.equal((await gateway.api('GET', `${invocation}/${id}`)).status, 200);

      inDatabase(gateway, (database) => {
        mendPattern(database);
        database.exec("UPDATE tool_invocation_policies SET tool = 'other'");
      });
      gateway.program.kill('SIGHUP');
      await until('it to be mended', async () => (await statusOf(gateway)).error === null);
      assert.equal((await gateway.api('GET', `${invocation}/${id}`)).json.tool, 'other');
      assert.equal((await told(gateway, 'policies read again')).policies, 1);
      assert.deepEqual(await figures(gateway), [3, 1, 0]);
    }));

  test('can be deleted where it never was in force', () =>
    withGateway(async (gateway) => {
      inDatabase(gateway, (database) =>
        database.exec(`INSERT INTO trusted_data_policies VALUES ('${nobody}', NULL, 'x', 'explode', '', 0, 0)`));
      const post = await gateway.api('POST', invocation, { tool: 'x', action: 'block_always' });
      assertError(post, 409, 'conflict', new RegExp(`trusted data policy ${nobody} .*no action "explode"`));
      assert.equal((await gateway.api('GET', `${trusted}/${nobody}`)).status, 404);
      assert.equal((await gateway.api('DELETE', `${trusted}/${nobody}`)).status, 204);
      assert.equal((await statusOf(gateway)).error, null);
    }));

  for (const [name, breaks, why] of [
    ['with a pattern that is none', breakPattern, /Condition 1: .*missing \): \(/],
    ['with an action that is none', (database) => database.exec("UPDATE tool_invocation_policies SET action = 'a\nb'"), /no action "a b"/],
    ['with an operator that is none', (database) => database.exec("UPDATE tool_invocation_conditions SET condition_operator = 'x'"), /no operator "x"/],
  ])
    test(`${name} stops the start with one line that names it`, () =>
      withGateway(async (gateway) => {
        const { id } = await make(gateway);
        await gateway.program.stop();
        inDatabase(gateway, breaks);
        const env = {
          ARCHESTRA_DATA_DIR: gateway.dataFolder,
          ARCHESTRA_API_PORT: '0',
          ARCHESTRA_METRICS_PORT: '0',
          ARCHESTRA_ADMIN_TOKEN: 'x',
        };
        const started = await run(['serve'], { env });
        assert.equal(started.code, 2);
        const lines = started.stderr.split('\n').filter((line) => line.startsWith('archestra: '));
        assert.match(only(lines, 'lines'), new RegExp(`^archestra: ARCHESTRA_DATA_DIR: .*tool invocation policy ${id} cannot be used`));
        assert.match(lines[0], why);
        assert.ok(started.stderr.trim().split('\n').length === 1, started.stderr);

        inDatabase(gateway, (database) => database.exec('DELETE FROM tool_invocation_policies; DELETE FROM tool_invocation_conditions'));
        const again = await Gateway.start({ of: gateway });
        assert.deepEqual((await statusOf(again)).policies, 0);
        await again.program.stop();
      }));
});

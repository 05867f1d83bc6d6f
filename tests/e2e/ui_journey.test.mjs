// The way of an operator through the web UI, in a real browser: sign in, make an agent, connect an application, see its
// calls, keep a tool from it, sign out; and at each step what metrics, spans and the API say of the same.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI from 'openai';

import { Browser } from '../support/browser.mjs';
import { SpanKind } from '../support/collector.mjs';
import { Gateway, adminToken } from '../support/gateway.mjs';
import { chatRequest, completion, usage } from '../support/openai_chat.mjs';
import { assertDecided } from '../support/policies.mjs';
import { Scene, only } from '../support/scene.mjs';
import { chatBody, chatToolCall } from '../support/tool_answers.mjs';
import { follow, signIn, visit } from '../support/ui.mjs';
import { until } from '../support/until.mjs';

let browser;
before(async () => (browser = await Browser.start()));
after(() => browser?.stop());

const originOf = (gateway) => `http://127.0.0.1:${gateway.apiPort}`;

async function typeToken(page, token) {
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('the way of an operator', () => {
  const tools = [{ type: 'function', function: { name: 'send_email', parameters: { type: 'object' } } }];
  let scene;
  let page;
  let agentId;
  let baseUrl;
  let traceId;
  let isWhole = true;
  /** What follows on what came before, and is left out where that failed. */
  const step = (name, act) =>
    test(name, async (context) => {
      if (!isWhole) return context.skip('the step before it failed');
      isWhole = false;
      await act();
      isWhole = true;
    });
  before(async () => {
    scene = await Scene.start();
    page = await browser.page(originOf(scene.gateway));
  });
  after(async () => {
    await page?.context().close(); // a page that looks on keeps a stream open
    await scene?.stop();
  });

  const sendsMail = (own) =>
    own.json200(chatBody({ tool_calls: [chatToolCall('send_email', { to: [{ address: 'eve@example.net' }] })] }));

  /** A call as an application makes it: the SDK, and the base URL that the UI gave. */
  const call = (upstream, fields = {}) =>
    scene.observe(
      (headers) => {
        const client = new OpenAI({ baseURL: baseUrl, apiKey: 'sk-of-the-application', defaultHeaders: headers, maxRetries: 0 });
        return client.chat.completions.create({ ...chatRequest, ...fields });
      },
      { upstream, headers: { 'x-archestra-session-id': 'ticket-4711' } },
    );

  step('signing in wants the admin token, and leads to where one wanted to go', async () => {
    await page.goto('/agents/new');
    await typeToken(page, 'a-guess');
    await page.getByText('This is not the admin token.').waitFor();
    await typeToken(page, adminToken);
    await page.getByRole('heading', { name: 'New agent' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/agents/new');
  });

  step('an agent is made with labels, and what becomes of them is said while one types', async () => {
    await page.getByRole('textbox', { name: 'Name' }).fill('Support Bot');
    const create = page.getByRole('button', { name: 'Create agent' });
    const add = page.getByRole('button', { name: 'Add label' });
    const keys = page.getByRole('combobox', { name: 'Key' });
    await add.click();
    await keys.last().fill('cost-center');
    await page.getByRole('combobox', { name: 'Value of cost-center' }).fill('4711');
    await page.getByText('metrics cost_center').waitFor();
    await page.getByText('spans agent.cost-center').waitFor();
    await add.click();
    await keys.last().fill('cost.center');
    await page.getByText(/collide: both become "cost_center"/).waitFor();
    assert.equal(await create.isDisabled(), true);
    await keys.last().fill('team');
    await page.getByRole('combobox', { name: 'Value of team' }).fill('support');
    await page.getByText('metrics team').waitFor();
    await create.click();
    await page.waitForURL(/\/agents\/[0-9a-f-]{36}\?connect/);
    agentId = new URL(page.url()).pathname.split('/').at(-1);
    const { json } = await scene.gateway.api('GET', `/agents/${agentId}`);
    const labels = json.labels.map(({ key, value }) => `${key}=${value}`).sort();
    assert.deepEqual([json.name, labels], ['Support Bot', ['cost-center=4711', 'team=support']]);
  });

  step('what the connect dialog shows is what an SDK needs', async () => {
    const dialog = page.getByRole('dialog', { name: 'Connect Support Bot' });
    await dialog.getByRole('button', { name: 'Copy base URL' }).click();
    await dialog.getByText('Copied base URL').waitFor();
    baseUrl = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(baseUrl, `${originOf(scene.gateway)}/v1/openai/${agentId}`);
    await dialog.getByRole('region').filter({ hasText: baseUrl }).first().waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  step('a call shows within seconds on the overview, and in metrics and spans with the labels of its agent', async () => {
    await follow(page, 'Overview');
    await page.getByRole('status').getByText('Live').waitFor();
    const live = page.getByRole('region', { name: 'Live, the last two minutes' });
    const tokensIn = live.locator('div').filter({ hasText: /^Tokens\/s in/ }).locator('dd').first();
    await until('a quiet second', async () => (await tokensIn.textContent()) === '0');
    const asked = performance.now();
    const { result, record } = await call((own) => own.json200(completion));
    await until('the tokens of the call', async () => (await tokensIn.textContent()) !== '0', { withinMs: 5_000 });
    assert.ok(performance.now() - asked < 10_000);
    await page.getByRole('link', { name: chatRequest.model }).waitFor(); // in the table of models
    assert.equal(result.choices[0].message.content, completion.choices[0].message.content);
    record.assertOutcome({ outcome: 'completed', tryStatus: '200' });
    const { agent_id, agent_name, team, cost_center } = record.requests.labels;
    assert.deepEqual([agent_id, agent_name, team, cost_center], [agentId, 'Support Bot', 'support', '4711']);
    const { attributes } = record.client;
    assert.deepEqual([attributes['agent.team'], attributes['agent.cost-center']], ['support', '4711']);
    traceId = record.server.traceId;
  });

  step('the call is among the recent ones, and its page says what its span says', async () => {
    await follow(page, 'Calls');
    await page.getByRole('row').filter({ hasText: 'Support Bot' }).filter({ hasText: 'Completed' }).getByRole('link').click();
    await page.getByRole('heading', { name: chatRequest.model }).waitFor();
    const shown = (name) => page.locator('dl > div').filter({ has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) }).locator('dd').first();
    assert.match(await shown('Trace id').textContent(), new RegExp(`^${traceId}`));
    assert.match(await shown('Labels').textContent(), /cost-center4711.*teamsupport/);
    assert.equal(await shown('Session').textContent(), 'ticket-4711');
    assert.equal(await shown('Input').textContent(), String(usage.prompt_tokens));
    const server = only(scene.collector.spansOf(traceId).filter(({ kind }) => kind === SpanKind.SERVER), 'SERVER spans');
    assert.match(await shown('Span id').textContent(), new RegExp(`^${server.spanId}`));
    await shown('Session').getByRole('link').click();
    await page.waitForURL(/\/calls\?session=ticket-4711$/);
    await page.getByText('That is all: 1 call.').waitFor();
  });

  step('a policy made in the editor keeps a tool from the agent, and the UI says so', async () => {
    await follow(page, 'Policies');
    await page.getByRole('link', { name: 'New policy' }).click();
    await page.getByRole('combobox', { name: 'Tool' }).fill('send_email');
    await page.getByRole('combobox', { name: 'Agent' }).click();
    await page.getByRole('option', { name: 'Support Bot' }).click();
    await page.getByRole('button', { name: 'Add condition' }).click();
    const create = page.getByRole('button', { name: 'Create policy' });
    await page.getByRole('combobox', { name: 'Where, condition 1' }).fill('to[*');
    await page.getByText(/to\[\*/).filter({ visible: true }).last().waitFor();
    await until('the refusal of what is no path', () => create.isDisabled());
    await page.getByRole('combobox', { name: 'Where, condition 1' }).fill('to[*].address');
    await page.getByLabel('Operator, condition 1').selectOption('notContains');
    await page.getByLabel('Value, condition 1').fill('@example.com');
    await page.getByLabel('Reason').fill('Mail goes to example.com only.');
    await until('a policy without a fault', () => create.isEnabled());
    await create.click();
    await page.getByText('Policy made').waitFor();
    await page.getByRole('link', { name: 'send_email' }).waitFor();

    const { result, record } = await call(sendsMail, { tools });
    assert.match(result.choices[0].message.content, /Mail goes to example\.com only\./);
    assert.equal(result.choices[0].message.tool_calls, undefined);
    const [{ policyId }] = assertDecided(record, ['send_email'], 'blocked');
    await follow(page, 'Calls');
    await page.getByLabel('Tool calls').selectOption('true');
    await page.getByText('That is all: 1 call.').waitFor();
    await page.getByRole('row').filter({ hasText: '1 blocked' }).getByRole('link').click();
    const decision = page.getByRole('row').filter({ hasText: 'send_email' });
    await decision.getByText('Blocked').waitFor();
    await decision.getByText('Mail goes to example.com only.').waitFor();
    await decision.getByRole('link', { name: 'Show policy' }).click();
    await page.waitForURL(new RegExp(`/policies/invocation/${policyId}$`));
  });

  step('a policy that observes lets the call pass, and tells what it would have done', async () => {
    await page.getByLabel('Observe', { exact: true }).check();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Policy saved').waitFor();
    const { result, record } = await call(sendsMail, { tools });
    assert.equal(result.choices[0].message.tool_calls[0].function.name, 'send_email');
    assertDecided(record, ['send_email'], 'would_block');
    await visit(page, `/calls?traceId=${record.server.traceId}`);
    await page.getByRole('row').filter({ hasText: 'Support Bot' }).getByRole('link').click();
    await page.getByRole('row').filter({ hasText: 'send_email' }).getByText('Would block').waitFor();
  });

  step('settings show where the gateway is reached', async () => {
    await follow(page, 'Settings');
    const urls = page.getByRole('region', { name: 'Base URLs' });
    await urls.getByText(originOf(scene.gateway), { exact: true }).waitFor();
    await urls.getByText(`${originOf(scene.gateway)}/v1/anthropic`, { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Telemetry' }).getByText(scene.collector.endpoint).waitFor();
    assert.equal(await page.getByText(adminToken).count(), 0);
  });

  step('signing out ends the session, here and on the server', async () => {
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const session = () => scene.gateway.api('GET', '/session', undefined, { token: '', headers: { Cookie: cookies } });
    assert.equal((await session()).status, 200);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    assert.equal((await session()).status, 401);
    await page.goto('/agents');
    await page.getByLabel('Admin token').waitFor();
    assert.deepEqual(page.complaints, []);
  });
});

test('a session that expires leads to the sign-in page, and from there back', async () => {
  const gateway = await Gateway.start({ env: { ARCHESTRA_SESSION_LIFETIME_MS: '4000' } });
  const page = await browser.page(originOf(gateway));
  try {
    await signIn(page);
    const place = '/calls?outcome=completed&follow=1';
    await visit(page, place); // it asks for new calls again and again
    await page.getByText(/Your session is over/).waitFor();
    assert.equal(await page.getByText('No call').count(), 0);
    await typeToken(page, adminToken);
    await page.waitForURL(`**${place}`);
    await page.getByRole('heading', { name: 'Calls' }).waitFor();
    assert.deepEqual(page.complaints, []);
  } finally {
    await page.context().close();
    await gateway.stop();
  }
});

// That everybody can use the web UI: with any eye, by keyboard alone, on a phone, with a thousand agents.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, desktop, phone } from '../support/browser.mjs';
import { exchange } from '../support/client.mjs';
import { Gateway, Simulator, adminToken } from '../support/gateway.mjs';
import { block } from '../support/policies.mjs';
import {
  assertFocusIsSeen, awaitFocus, faultsOf, follow, go, hasFocus, looks, settled, show, signIn, tabTo, visit, widths,
} from '../support/ui.mjs';
import { until } from '../support/until.mjs';

const agentsMany = 1_000;
const usableMsMax = 10_000; // what it takes on a machine that does nothing else is measured by ./dev prove screens

let simulator;
let gateway;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([Simulator.start(), Browser.start()]);
  const env = { ARCHESTRA_RETRIES: '1', ARCHESTRA_RETRY_BACKOFF_MS: '1' };
  gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl, env });
});
after(async () => {
  await browser?.stop();
  await gateway?.stop();
  await simulator?.stop();
});

const origin = () => `http://127.0.0.1:${gateway.apiPort}`;

async function make(path, fields) {
  const { status, json } = await gateway.api('POST', path, fields);
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

/** A call by an agent, answered as the simulator is told. */
const call = (agentId, sim = {}, fields = {}) =>
  exchange(gateway.apiPort, 'POST', `/v1/openai/${agentId}/chat/completions`, {
    headers: { 'Content-Type': 'application/json', ...Object.fromEntries(Object.entries(sim).map(([name, value]) => [`x-sim-${name}`, String(value)])) },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello.' }], ...fields }),
  });

/** An agent with all there can be to see; answers with the pages that show it. */
async function fill() {
  const labels = [{ key: 'team', value: 'support' }, { key: 'cost-center', value: '4711' }];
  const agent = await make('/agents', { name: 'Support Bot', labels });
  await make('/tool-invocation-policies', { agentId: agent.id, ...block('send_email') });
  await make('/tool-invocation-policies', { agentId: null, ...block('read_ticket', { mode: 'observe' }) });
  await make('/trusted-data-policies', { agentId: null, tool: 'read_ticket', action: 'mark_as_trusted', description: 'Ours' });
  const tools = ['send_email', 'read_ticket'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } }));
  await call(agent.id, { tokens: 12 }, { stream: true });
  await call(agent.id, { 'tool-calls': 2 }, { tools });
  await call(agent.id, { status: 429 });
  await call(agent.id, { close: 1 });
  const calls = await until('its calls', async () => {
    const { json } = await gateway.api('GET', '/recent-calls?limit=50');
    return json.data.length >= 4 && json.data;
  });
  const of = (fits) => `/calls/${calls.find(fits).id}`;
  return [
    '/', '/?groupBy=agent', '/calls', of(({ stream }) => stream), of(({ blockedToolCalls }) => blockedToolCalls > 0),
    of(({ tries }) => tries > 1), '/agents', `/agents/${agent.id}`, `/agents/${agent.id}?connect=yes`, '/tools', '/policies',
    '/settings?q=url',
  ];
}

/** Each colour and each width once: enough for what has little in it, and for all that colours have no part in. */
const two = looks.filter(({ name }) => name === 'light, desktop' || name === 'dark, phone');

/** What is wrong with pages in these looks: what axe-core finds, and what stands out of them. */
async function faultsOfAll(page, paths, what, seenIn = looks) {
  const faults = [];
  for (const [i, path] of paths.entries()) {
    await show(page, seenIn[0]);
    await (i === 0 ? visit : go)(page, path);
    for (const look of seenIn) {
      await show(page, look);
      await settled(page);
      const where = `${path}, ${what}, ${look.name}`;
      for (const fault of await faultsOf(page, two.includes(look) ? undefined : ['color-contrast'])) faults.push(`${where}: ${fault}`);
      const { room, width, wide } = await widths(page);
      if (width > room) faults.push(`${where}: ${width} px wide where there are ${room}: ${wide}`);
    }
  }
  return faults;
}

describe('axe-core finds nothing, and nothing stands out', () => {
  let page;
  before(async () => (page = await browser.page(origin())));
  after(() => page?.context().close());

  test('on pages that are empty', async () => {
    const faults = await faultsOfAll(page, ['/sign-in?reason=expired'], 'signed out');
    await signIn(page);
    const empty = [
      '/', '/calls', '/calls/0123456789abcdef', '/agents', '/agents/new', '/tools', '/policies', '/policies?kind=trusted',
      '/policies/invocation/new', '/policies/trusted/new', '/nothing',
    ];
    faults.push(...(await faultsOfAll(page, empty, 'empty', two)));
    assert.deepEqual(faults, []);
  });

  test('on pages with data', async () => {
    assert.deepEqual(await faultsOfAll(page, await fill(), 'with data'), []);
    assert.deepEqual(page.complaints, []);
  });
});

/** Tab reaches nothing of the page behind an open dialog, forwards and backwards; Escape closes it. */
async function assertHoldsFocus(page, dialog, tabs = 12) {
  await dialog.waitFor();
  const isWithin = () => dialog.evaluate((element) => element.contains(document.activeElement));
  // From a dialog of the browser's own the focus goes on to what the browser has around the page.
  const isAround = () => page.evaluate(() => document.activeElement === document.body);
  await until('the focus in the dialog', isWithin);
  const stays = async () => (await isWithin()) || (await isAround()); // a guard at its end may send it back a moment later
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let i = 0; i < tabs; i += 1) {
      await page.keyboard.press(key);
      await until(`a dialog that ${key} does not leave`, stays, { withinMs: 3_000 });
    }
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
}

test('all can be done with the keyboard alone', async () => {
  await make('/agents', { name: 'Known Bot', labels: [{ key: 'department', value: 'sales' }] });
  const page = await browser.page(origin(), { reducedMotion: 'reduce' });
  const { keyboard } = page;
  const link = (name) => page.getByRole('link', { name, exact: true });
  const button = (name) => page.getByRole('button', { name, exact: true });
  const press = async (locator, options) => {
    await tabTo(page, locator, options);
    await keyboard.press('Enter');
  };

  await page.goto('/sign-in?next=%2Fagents');
  await awaitFocus(page.getByLabel('Admin token'));
  await keyboard.type(adminToken);
  await keyboard.press('Enter');
  await link('Known Bot').waitFor();
  await visit(page, '/agents');
  await keyboard.press('Tab');
  await awaitFocus(link('Skip to content'));
  await keyboard.press('Enter');
  await press(link('New agent'));

  await awaitFocus(page.getByRole('textbox', { name: 'Name' }));
  await keyboard.type('Keyboard Bot');
  await press(button('Add label'));
  await awaitFocus(page.getByRole('combobox', { name: 'Key' }));
  await keyboard.type('dep');
  await page.getByRole('option', { name: 'department' }).waitFor();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('combobox', { name: 'Value of department' }));
  await keyboard.type('support');
  await page.getByText('metrics department').waitFor();
  await press(button('Create agent'));

  const dialog = page.getByRole('dialog', { name: 'Connect Keyboard Bot' });
  await assertHoldsFocus(page, dialog);
  await press(button('Connect'));
  await assertHoldsFocus(page, dialog);
  await awaitFocus(button('Connect'));
  await press(button('Delete'), { backwards: true });
  const question = page.getByRole('alertdialog', { name: 'Delete this agent?' });
  await assertHoldsFocus(page, question, 4);
  await awaitFocus(button('Delete'));
  await keyboard.press('Enter');
  await press(button('Delete agent'));
  await page.getByText('Agent deleted').waitFor();
  assert.equal(await link('Keyboard Bot').count(), 0);

  const sort = page.getByRole('columnheader', { name: 'Calls' });
  await press(sort.getByRole('button'));
  await until('the other order', async () => (await sort.getAttribute('aria-sort')) === 'descending');
  await press(link('Known Bot'));
  await page.getByRole('heading', { name: 'Known Bot' }).waitFor();

  await press(link('Policies'), { backwards: true });
  await press(link('New policy'));
  await tabTo(page, page.getByRole('combobox', { name: 'Tool' }));
  await keyboard.type('send_email');
  await tabTo(page, page.getByRole('combobox', { name: 'Agent' }));
  await keyboard.press('ArrowDown');
  await keyboard.type('Known');
  await page.getByRole('option', { name: 'Known Bot' }).waitFor();
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('radio', { name: 'Enforce' }));
  await keyboard.press('ArrowDown');
  await until('the other mode', () => page.getByRole('radio', { name: 'Observe' }).isChecked());
  await until('a policy without a fault', () => button('Create policy').isEnabled());
  await press(button('Create policy'));
  await page.getByText('Policy made').waitFor();
  const { json } = await gateway.api('GET', '/tool-invocation-policies');
  const made = json.data.find(({ tool, mode }) => tool === 'send_email' && mode === 'observe');
  assert.ok(made.agentId, 'the policy is for the agent');

  await page.setViewportSize(phone);
  await press(button('Open navigation'));
  await assertHoldsFocus(page, page.getByRole('dialog', { name: 'Navigation' }));
  await awaitFocus(button('Open navigation'));
  await keyboard.press('Enter');
  await press(page.getByRole('dialog').getByRole('link', { name: 'Settings' }));
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.setViewportSize(desktop);
  await press(button('Sign out'));
  await awaitFocus(page.getByLabel('Admin token'));
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test('a thousand agents are no burden', async () => {
  // The search looks into ids as well, which have no n.
  const name = (i) => `Agent n${String(i).padStart(3, '0')}`;
  for (let i = 0; i < agentsMany; i += 50)
    await Promise.all(Array.from({ length: 50 }, (_, k) => make('/agents', { name: name(i + k), labels: [] })));
  const page = await browser.page(origin());
  await signIn(page);
  await page.goto('/agents', { waitUntil: 'commit' });
  await page.getByRole('link', { name: name(0) }).waitFor();
  await page.getByLabel('Search names and labels').fill('agent n777');
  await page.getByRole('link', { name: name(777) }).waitFor();
  await until('nothing else', async () => (await page.getByRole('row').count()) === 2);
  const ms = await page.evaluate(() => performance.now()); // since the page was asked for
  assert.ok(ms < usableMsMax, `${ms} ms`);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

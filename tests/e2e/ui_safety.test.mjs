// What others could do through the web UI to those who use it: texts that want to be more than texts, pages of other
// origins, and what a browser keeps.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { Browser, desktop, phone } from '../support/browser.mjs';
import { adminToken } from '../support/gateway.mjs';
import { chatRequest, errorBody } from '../support/openai_chat.mjs';
import { chatBody, chatToolCall } from '../support/tool_answers.mjs';
import { Scene } from '../support/scene.mjs';
import { follow, go, settled, show, signIn, visit, widths } from '../support/ui.mjs';
import { until } from '../support/until.mjs';

let scene;
let browser;
let origin;
before(async () => {
  [scene, browser] = await Promise.all([Scene.start(), Browser.start()]);
  origin = `http://127.0.0.1:${scene.gateway.apiPort}`;
});
after(async () => {
  await browser?.stop();
  await scene?.stop();
});

const api = async (method, path, body) => {
  const { status, json } = await scene.gateway.api(method, path, body);
  assert.ok(status >= 200 && status < 300, `${method} ${path}: ${JSON.stringify(json)}`);
  return json;
};

// --- Texts that want to be more

const image = '<img src=x onerror="window.__xss=1" data-xss>';
const script = '"\'></title></textarea><script data-xss>window.__xss=1</script>';
const link = 'javascript:window.__xss=1//';
const backwards = '\u202Egnp.exe'; // shown as exe.png, with all that follows it on the line
const long = 'W'.repeat(250);
const sources = [image, script, link, backwards];
/** Members that every object of JavaScript has, and that a table of texts must not find in itself. */
const inherited = ['constructor', 'toString'];

describe('texts of users and models', () => {
  let agent;
  let invocation;
  let trusted;
  before(async () => {
    for (const name of [...sources, long, ...inherited]) await api('POST', '/agents', { name });
    const values = { [image.slice(0, 60)]: script, [link]: image, [inherited[0]]: backwards, 'a b"\'<i>': long };
    const labels = Object.entries(values).map(([key, value]) => ({ key, value }));
    agent = await api('POST', '/agents', { name: `${image}${backwards}`, labels });
    const policy = { agentId: agent.id, tool: image, action: 'block_always', reason: `${script}${image}` };
    invocation = await api('POST', '/tool-invocation-policies', policy);
    const condition = { key: 'a', operator: 'equal', value: image };
    trusted = await api('POST', '/trusted-data-policies', {
      agentId: agent.id, tool: script, action: 'block_always', description: image, conditions: [condition],
    });
    await hostileCalls();
  });

  // A tool is declared, called and blocked, and a model is refused; everything in it that is a text is hostile.
  async function hostileCalls() {
    const tools = [image, script, link, backwards, '\u0000nul', long.slice(0, 120), ...inherited].map((name) => ({
      type: 'function',
      function: { name, description: image, parameters: { type: 'object', title: script } },
    }));
    const headers = {
      'x-archestra-session-id': image,
      'x-archestra-run-id': script,
      'x-archestra-user-id': link,
      'x-archestra-agent-id': image,
      'user-agent': `${image}${link}`,
    };
    const path = `/v1/openai/${agent.id}/chat/completions`;
    const blocked = { ...chatBody({ tool_calls: [chatToolCall(image)] }), model: script, id: image };
    await scene.observe((own) => scene.post({ ...own, ...headers }, { ...chatRequest, model: image, tools }, { path }), {
      upstream: (exchange) => exchange.json200(blocked),
    });
    await scene.observe((own) => scene.post({ ...own, ...headers }, { ...chatRequest, model: link, tools }, { path }), {
      upstream: (exchange) => exchange.respond(400, { 'Content-Type': 'application/json' }, errorBody(image, script, link)),
    });
    for (const model of [script, backwards, long, '__proto__', ...inherited])
      await scene.observe((own) => scene.post({ ...own, ...headers }, { ...chatRequest, model }, { path }), {
        upstream: (exchange) => exchange.json200({ ...chatBody({ content: image }), model }),
      });
    await until('its tools', async () => (await api('GET', '/tools?limit=100')).data.length >= tools.length);
  }

  test('stay texts on every page, and move nothing', async () => {
    const page = await browser.page(origin);
    const dialogs = [];
    page.on('dialog', (dialog) => dialogs.push(dialog.message()) && dialog.dismiss());
    const strays = [];
    page.on('request', (request) => new URL(request.url()).origin === origin || strays.push(request.url()));
    await signIn(page);
    const { data: calls } = await api('GET', '/recent-calls?limit=50');
    const blocked = calls.find(({ blockedToolCalls }) => blockedToolCalls > 0);
    const tool = (await api('GET', '/tools?limit=100')).data.find(({ name }) => name === image);
    const refused = calls.find(({ statusCode }) => statusCode === 400);
    const pages = {
      '/': [image],
      '/?groupBy=agent': [image],
      '/?groupBy=model': [image, script],
      [`/?groupBy=label:${encodeURIComponent(link)}`]: [image],
      '/agents': [image, script, link, backwards],
      [`/agents/${agent.id}`]: [image],
      [`/agents/${agent.id}?connect=yes`]: [image],
      '/tools': [image, script, link],
      [`/tools?tool=${tool.id}`]: [image, script],
      '/policies': [image],
      '/policies?kind=trusted': [script, image],
      [`/policies/invocation/${invocation.id}`]: [image, script],
      [`/policies/trusted/${trusted.id}`]: [image, script],
      '/calls': [image],
      [`/calls?model=${encodeURIComponent(image)}`]: [image],
      [`/calls?session=${encodeURIComponent(image)}&q=${encodeURIComponent(script)}`]: [],
      [`/calls/${blocked.id}`]: [image, script],
      [`/calls/${refused.id}`]: [link],
      '/settings': [],
      [`/${encodeURIComponent(image)}`]: [],
      [`/sign-in?next=${encodeURIComponent(link)}&reason=${encodeURIComponent(image)}`]: [],
    };
    const faults = [];
    for (const [path, texts] of Object.entries(pages)) {
      await show(page, { colorScheme: 'light', viewport: desktop });
      await (path === '/' ? visit : go)(page, path);
      const shown = await page.evaluate(() => {
        const fields = [...document.querySelectorAll('input, textarea')].map(({ value }) => value);
        return [document.body.textContent, ...fields].join('\n');
      });
      for (const text of texts) if (!shown.includes(text)) faults.push(`${path} does not show ${text}`);
      for (const viewport of [desktop, phone]) {
        await show(page, { colorScheme: 'light', viewport });
        await settled(page);
        const { width, wide } = await widths(page);
        if (width > viewport.width) faults.push(`${path} is ${width} px wide where there are ${viewport.width}: ${wide}`);
        for (const found of await strangers(page)) faults.push(`${path} has ${found}`);
      }
    }
    assert.deepEqual(faults, []);
    assert.deepEqual({ dialogs, strays, complaints: page.complaints }, { dialogs: [], strays: [], complaints: [] });
    await page.context().close();
  });
});

/** What a hostile text would leave in the document: elements, links that run something, and lines turned backwards. */
function strangers(page) {
  return page.evaluate(() => {
    const found = [...document.querySelectorAll('[data-xss], script:not([src]), iframe, object, embed, base')];
    found.push(...[...document.querySelectorAll('a')].filter(({ protocol }) => !/^https?:$/.test(protocol)));
    found.push(...[...document.querySelectorAll('*')].filter(({ attributes }) => [...attributes].some(({ name }) => /^on/.test(name))));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!text.data.includes('\u202E') || text.parentElement.closest('.visually-hidden, script, style, title, option')) continue;
      // It ends with its own block, or with an element that is set apart (bdi).
      let own = text.parentElement;
      while (getComputedStyle(own).display === 'inline' && !/isolate|plaintext/.test(getComputedStyle(own).unicodeBidi))
        own = own.parentElement;
      if (own.textContent !== text.data) found.push(own);
    }
    if ('__xss' in window) found.push(document.documentElement);
    return found.map((element) => element.outerHTML.slice(0, 300));
  });
}

// --- Pages of other origins

/** A page at an origin of its own, with what it does. `host` is localhost (another site) or 127.0.0.1 (the same). */
async function foreignPage(page, host, html = '') {
  const server = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(`<!doctype html>${html}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await page.goto(`http://${host}:${server.address().port}/`);
  return server;
}

test('no page of another origin can frame ours', async () => {
  const page = await browser.page(origin);
  await signIn(page);
  const server = await foreignPage(page, '127.0.0.1', `<iframe src="${origin}/settings"></iframe>`);
  await until('the refusal', () => page.complaints.some((text) => /frame-ancestors|X-Frame-Options/i.test(text)));
  const [, frame] = page.frames();
  assert.equal(await frame.evaluate(() => document.body?.innerText.includes('Archestra') ?? false), false);
  assert.match(frame.url(), /^chrome-error:/);
  server.close();
  await page.context().close();
});

describe('a page of another origin with a live session', () => {
  // To a browser another port is the same site, so the cookie comes along: what holds there is the gateway's own.
  for (const host of ['localhost', '127.0.0.1']) {
    test(`at ${host} changes nothing`, async () => {
      const page = await browser.page(origin);
      await signIn(page);
      const state = async () => ({
        agents: (await api('GET', '/agents')).data,
        policies: (await api('GET', '/tool-invocation-policies')).data,
        levels: await api('GET', '/log-levels'),
      });
      const before = await state();
      const metricsBefore = await scene.gateway.scrape();
      const server = await foreignPage(page, host);
      const seen = await page.evaluate(attack, { origin, agentId: before.agents[0].id });
      assert.deepEqual(seen.read, [], 'answers it could read');
      for (const form of forms(origin)) {
        await page.goto(`http://${host}:${server.address().port}/`);
        const answer = page.waitForResponse((response) => response.url() === form.action);
        await Promise.all([page.waitForURL(form.action), page.evaluate(submitForm, form)]);
        const status = (await answer).status();
        assert.ok(status >= 400 && status < 500, `${form.enctype} to ${form.action}: ${status}`);
      }
      assert.deepEqual(await state(), before);
      const metrics = await scene.gateway.scrape();
      const writes = metrics
        .grown(metricsBefore, 'http_request_duration_seconds_count')
        .filter(({ labels }) => labels.method === 'POST' && labels.route.startsWith('/api/'));
      assert.ok(writes.reduce((sum, { value }) => sum + value, 0) >= 6, 'the writes came');
      assert.ok(writes.every(({ labels }) => /^4/.test(labels.status_code)), JSON.stringify(writes));
      const session = await page.request.get(`${origin}/api/session`);
      assert.equal(session.status(), 200, 'the session lives on');
      server.close();
      await page.context().close();
    });
  }
});

/** Runs in the foreign page: every way that a script has. Answers with what it could read of the answers. */
async function attack({ origin, agentId }) {
  const json = JSON.stringify({ name: 'Planted', labels: [] });
  const ways = [
    ['/api/agents', { method: 'POST', mode: 'no-cors', body: json }],
    ['/api/agents', { method: 'POST', body: json }],
    ['/api/agents', { method: 'POST', body: json, headers: { 'Content-Type': 'application/json' } }],
    ['/api/agents', { method: 'POST', body: json, headers: { 'X-CSRF-Token': 'guess' } }],
    ['/api/tool-invocation-policies', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ tool: 'x', action: 'block_always' }) }],
    ['/api/session', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ token: 'guess' }) }],
    ['/api/log-levels', { method: 'PUT', body: JSON.stringify({ accessLog: 'off' }) }],
    [`/api/agents/${agentId}`, { method: 'DELETE' }],
    ['/api/session', { method: 'DELETE' }],
    ['/api/session', {}],
    ['/api/agents', {}],
    ['/api/agents', { mode: 'no-cors' }],
    ['/api/settings', {}],
  ];
  const read = [];
  for (const [path, options] of ways) {
    try {
      const answer = await fetch(origin + path, { credentials: 'include', ...options });
      if (answer.type !== 'opaque') read.push(`${options.method ?? 'GET'} ${path}: ${answer.status}`);
    } catch {
      // The browser keeps it away.
    }
  }
  const stream = new EventSource(`${origin}/api/live`, { withCredentials: true });
  await new Promise((resolve) => {
    stream.onerror = resolve;
    stream.addEventListener('history', () => read.push('the live stream') && resolve());
  });
  stream.close();
  return { read };
}

const forms = (to) => [
  { action: `${to}/api/agents`, enctype: 'text/plain', fields: { '{"name":"Planted","labels":[],"x":"': '"}' } },
  { action: `${to}/api/agents`, enctype: 'application/x-www-form-urlencoded', fields: { name: 'Planted' } },
  { action: `${to}/api/session`, enctype: 'text/plain', fields: { [`{"token":"${adminToken}","x":"`]: '"}' } },
];

/** Runs in the foreign page. */
function submitForm({ action, enctype, fields }) {
  const form = Object.assign(document.createElement('form'), { action, enctype, method: 'post' });
  for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
  document.body.append(form);
  form.submit();
}

// --- What a browser keeps

test('nothing is kept of a session: not in storage, not for scripts, not in caches, not behind Back', async () => {
  const keeping = await Browser.start({ restoresPages: true });
  try {
    const page = await keeping.page(origin);
    const answers = [];
    page.on('response', (response) => new URL(response.url()).pathname.startsWith('/api/') && answers.push(response));
    const restored = [];
    page.on('console', (message) => message.text().startsWith('restored') && restored.push(message.text()));
    await page.addInitScript(() =>
      addEventListener('pageshow', ({ persisted }) => persisted && console.log(`restored, ${document.body.hidden ? 'hidden' : 'for all to see'}`)),
    );
    await page.goto('/sign-in?next=%2Fagents');
    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Default Agent' }).waitFor();
    const { expires, ...cookie } = (await page.context().cookies()).find(({ name }) => name === 'archestra_session');
    assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict' && expires > 0, JSON.stringify(cookie));
    const kept = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href);
    for (const secret of [adminToken, cookie.value]) assert.ok(!kept.includes(secret), 'a secret lies open');
    await visit(page, '/calls'); // a document of its own
    await follow(page, 'Settings');
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await page.getByLabel('Admin token').waitFor();
    const later = await page.request.get('/api/agents', { headers: { Cookie: `archestra_session=${cookie.value}` } });
    assert.equal(later.status(), 401, 'the session is gone on the server, too');
    for (const place of ['settings', 'calls', 'agents']) {
      await page.evaluate(() => setTimeout(() => history.back())); // page.goBack() does not know pages that are kept
      await page.waitForURL(`**/sign-in?next=%2F${place}`);
      await page.getByLabel('Admin token').waitFor();
      assert.equal(await page.getByText('Default Agent').count(), 0);
    }
    assert.deepEqual(restored, ['restored, hidden'], 'the list of agents came back as it had been left, and unseen');
    assert.ok(answers.length > 4);
    for (const answer of answers) {
      assert.equal(answer.headers()['cache-control'], 'no-store', answer.url());
      assert.equal(answer.headers()['x-content-type-options'], 'nosniff', answer.url());
    }
    assert.deepEqual(page.complaints, []);
  } finally {
    await keeping.stop();
  }
});

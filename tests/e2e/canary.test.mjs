// Secrets are planted wherever a client, a provider or whoever configures the gateway may have them, on every way a
// request can end; then everything that the process wrote is searched for them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import { Collector } from '../support/collector.mjs';
import { ForwardProxy } from '../support/forward_proxy.mjs';
import { Gateway } from '../support/gateway.mjs';
import { completion, events, words } from '../support/openai_chat.mjs';
import { run } from '../support/program.mjs';
import { until } from '../support/until.mjs';
import { Upstream } from '../support/upstream.mjs';

const planted = new Map(); // secret: where it was planted
// As secrets, and where they are meant to be seen: in each place that is searched, one of them has to be found.
const marks = { session: randomText(), agent: randomText(), host: randomText() };

function randomText() {
  return `sk-${randomBytes(12).toString('hex')}`;
}

function secret(where) {
  const text = randomText();
  planted.set(text, where);
  return text;
}

/** Of basic authentication: both parts, and what is made of them. */
function basic(user, password, where) {
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  planted.set(encoded, `both for ${where}`);
  return encoded;
}

const admin = secret('the admin token');
const metricsSecret = secret('the metrics secret');
const settings = {
  ARCHESTRA_ADMIN_TOKEN: admin,
  ARCHESTRA_METRICS_SECRET: metricsSecret,
  ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME: secret('the collector user'),
  ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD: secret('the collector password'),
  OTEL_EXPORTER_OTLP_HEADERS: `x-honeycomb-team=${secret('a header for the collector')}`,
  ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS: `dead=http://127.0.0.1:1/v1,nameless=http://${marks.host}.invalid/v1,far=https://far.test/v1`,
};
basic(
  settings.ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME,
  settings.ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD,
  'the collector',
);
const proxyUser = secret('the user for the proxy');
const proxyPassword = secret('the password for the proxy');
const forProxy = `Basic ${basic(proxyUser, proxyPassword, 'the proxy')}`;
const visible = 'canary-agent/1.0';

let upstream;
let collector;
let proxy;
let gateway;
before(async () => {
  proxy = await ForwardProxy.start();
  proxy.act = (socket) => socket.end(`HTTP/1.1 407 ${forProxy} is wrong\r\nX-Echo: ${forProxy}\r\n\r\n${forProxy}`);
  settings.HTTPS_PROXY = `http://${proxyUser}:${proxyPassword}@127.0.0.1:${proxy.port}`;
  upstream = await Upstream.start();
  collector = await Collector.start();
  gateway = await Gateway.start({
    openaiBaseUrl: upstream.baseUrl(),
    otlpEndpoint: `${collector.endpoint}?key=${secret('the query of the collector endpoint')}`,
    env: {
      ...settings,
      ARCHESTRA_LOG_LEVEL: 'debug',
      ARCHESTRA_ACCESS_LOG_LEVEL: 'debug',
      ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '300',
      ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS: '300',
      ARCHESTRA_API_BODY_LIMIT: '4KB',
    },
  });
});
after(async () => {
  if (gateway.program.isRunning) gateway.program.kill('SIGKILL');
  await gateway.discard();
  await upstream.stop();
  await collector.stop();
  await proxy.stop();
});

/** Fields that carry credentials, each with a secret of its own. */
function credentials(where) {
  const own = (name) => secret(`${name} of ${where}`);
  return {
    'User-Agent': visible,
    Authorization: `Bearer ${own('Authorization')}`,
    'Proxy-Authorization': `Basic ${basic('user', own('Proxy-Authorization'), where)}`,
    'x-api-key': own('x-api-key'),
    'api-key': own('api-key'),
    'x-goog-api-key': own('x-goog-api-key'),
    'X-Amz-Security-Token': own('X-Amz-Security-Token'),
    Cookie: `session=${own('Cookie')}`,
    Referer: `https://app.test/?token=${own('Referer')}`,
  };
}

function prompt(where, more = {}) {
  const content = `My password is ${secret(`the prompt of ${where}`)}.`;
  return {
    model: 'gpt-4o',
    api_key: secret(`the body of ${where}`),
    messages: [
      { role: 'user', content },
      { role: 'tool', tool_call_id: 'call-1', content: secret(`a tool result of ${where}`) },
    ],
    contents: [{ role: 'user', parts: [{ text: content }] }],
    max_tokens: 5,
    ...more,
  };
}

const targets = {
  'chat.completions': ['POST', (key) => `/v1/openai/chat/completions?api_key=${key}`],
  messages: ['POST', (key) => `/v1/anthropic/v1/messages?key=${key}`],
  generateContent: ['POST', (key) => `/v1/gemini/v1beta/models/gemini-2.5-flash:generateContent?key=${key}`],
  streamGenerateContent: ['POST', (key) => `/v1/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=${key}&alt=sse`],
  'a path that passes through': ['POST', (key) => `/v1/openai/files?key=${key}`],
  'a provider that is not there': ['POST', (key) => `/v1/dead/chat/completions?key=${key}`],
  'a provider without a name': ['POST', (key) => `/v1/nameless/chat/completions?key=${key}`],
  'a provider behind a proxy': ['POST', (key) => `/v1/far/chat/completions?key=${key}`],
  'no route': ['GET', (key) => `/nowhere?access_token=${key}`],
  'the platform API': ['POST', (key) => `/api/agents?token=${key}`],
  'the absolute form': ['POST', (key) => `http://user:${key}@gateway.test/v1/openai/chat/completions`],
};

const echo = (where) => JSON.stringify({ error: { message: `Incorrect API key: ${secret(`the answer of ${where}`)}`, type: 'auth' } });
const leaky = (where) => ({
  'Content-Type': 'application/json',
  'Set-Cookie': `id=${secret(`Set-Cookie of ${where}`)}`,
  Location: `https://storage.test/?key=${secret(`Location of ${where}`)}`,
  'x-goog-upload-url': `${upstream.baseUrl()}/upload?key=${secret(`the upload URL of ${where}`)}`,
});

/** What the provider does. */
const answers = {
  success: (where) => (own) => own.respond(200, leaky(where), JSON.stringify({ ...completion, note: secret(`the answer of ${where}`) })),
  stream: (where) => async (own) => {
    await own.streamHead({ 'Set-Cookie': secret(`Set-Cookie of ${where}`) });
    await own.chunk(events.role + events.word(secret(`a token of ${where}`)) + words(2).join('') + events.stop + events.done);
    await own.lastChunk();
  },
  'an error in a stream': (where) => async (own) => {
    await own.streamHead();
    await own.chunk(`${events.role}data: ${echo(where)}\n\n`);
    await own.lastChunk();
  },
  400: (where) => (own) => own.respond(400, leaky(where), echo(where)),
  401: (where) => (own) => own.respond(401, leaky(where), echo(where)),
  500: (where) => (own) => own.respond(500, leaky(where), echo(where)),
  silence: () => (own) => own.closed,
  'a reset': () => (own) => own.reset(),
  'no HTTP': (where) => (own) => (own.send(`${secret(`a line of ${where}`)} is no status line\r\n\r\n`), own.end()),
  'a broken field': (where) => (own) => (own.send(`HTTP/1.1 200 OK\r\n${secret(`a field of ${where}`)}\r\n\r\n`), own.end()),
  'half an answer': (where) => async (own) => {
    await own.head(200, { 'Content-Type': 'application/json', 'Content-Length': '10000' });
    await own.send(echo(where));
    own.end();
  },
};

test('calls of every kind that end in every way', async () => {
  const statuses = new Set();
  for (const [end, answer] of Object.entries(answers)) {
    const all = Object.entries(targets).map(async ([kind, [method, target]]) => {
      const where = `${kind}, ${end}`;
      upstream.on(where, answer(where));
      const client = await Client.connect(gateway.apiPort);
      try {
        const headers = { ...credentials(where), 'Content-Type': 'application/json', 'x-case': where };
        const stream = end.includes('stream') ? { stream: true } : {};
        const body = method === 'GET' ? undefined : JSON.stringify(prompt(where, stream));
        await client.request(method, target(secret(`the query of ${where}`)), { headers, body });
        statuses.add((await client.head())?.status);
      } finally {
        client.close();
      }
    });
    await Promise.all(all);
  }
  for (const status of [200, 400, 401, 404, 500, 502, 504]) assert.ok(statuses.has(status), `some had ${status}`);
  const [first] = upstream.exchanges;
  assert.ok(planted.has(first.fields.get('x-api-key')), 'credentials went on to the provider');
  assert.equal(proxy.heads[0].fields.get('proxy-authorization'), forProxy, 'and those for the proxy to the proxy');
});

test('what is meant to be seen: an agent by its name, a session, and a host', async () => {
  const { status, json } = await gateway.api('POST', '/agents', { name: marks.agent }, { token: admin });
  assert.equal(status, 201);
  upstream.on('seen', (own) => own.json200(completion));
  const headers = { 'Content-Type': 'application/json', 'X-Archestra-Session-Id': marks.session, 'x-case': 'seen' };
  const path = `/v1/openai/${json.id}/chat/completions`;
  const answer = await exchange(gateway.apiPort, 'POST', path, { headers, body: JSON.stringify(prompt('a call that is seen')) });
  assert.equal(answer.status, 200);
});

// No secret: a prompt and an answer of an agent that has its content captured.
const said = { prompt: `prompt-${randomBytes(12).toString('hex')}`, answer: `answer-${randomBytes(12).toString('hex')}` };

test('content that an agent asks for, with credentials in it', async () => {
  const { json } = await gateway.api('POST', '/agents', { name: 'Captured', captureContent: true }, { token: admin });
  const saying = (where) => ({
    messages: [{ role: 'user', content: `${said.prompt}: ${secret(`a captured prompt of ${where}`)}` }],
    contents: [{ role: 'user', parts: [{ text: `${said.prompt}: ${secret(`a captured part of ${where}`)}` }] }],
    system: `Use ${secret(`captured instructions of ${where}`)}.`,
  });
  const answering = {
    document: (where) => (own) => {
      const text = `${said.answer}: ${secret(`a captured answer of ${where}`)}`;
      const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: JSON.stringify({ key: secret(`captured arguments of ${where}`) }) } };
      const content = [{ type: 'text', text }];
      return own.json200({
        ...completion,
        choices: [{ index: 0, message: { role: 'assistant', content: text, tool_calls: [call] }, finish_reason: 'tool_calls' }],
        content,
        candidates: [{ content: { parts: content }, finishReason: 'STOP' }],
      });
    },
    stream: (where) => async (own) => {
      await own.streamHead();
      const letters = [...`${said.answer}: ${secret(`a captured stream of ${where}`)}.`];
      for (const letter of letters) await own.chunk(events.word(letter));
      await own.chunk(events.stop + events.done);
      await own.lastChunk();
    },
    error: answers[401],
  };
  const paths = {
    'chat.completions': `/v1/openai/${json.id}/chat/completions`,
    messages: `/v1/anthropic/${json.id}/v1/messages`,
    generateContent: `/v1/gemini/${json.id}/v1beta/models/gemini-2.5-flash:generateContent`,
  };
  for (const [kind, path] of Object.entries(paths))
    for (const [end, answer] of Object.entries(answering)) {
      const where = `captured ${kind}, ${end}`;
      upstream.on(where, answer(where));
      const headers = { ...credentials(where), 'Content-Type': 'application/json', 'x-case': where };
      const body = JSON.stringify(prompt(where, { ...saying(where), ...(end === 'stream' && { stream: true }) }));
      const answered = await exchange(gateway.apiPort, 'POST', path, { headers, body });
      assert.equal(answered.status, end === 'error' ? 401 : 200, where);
    }
});

test('requests that are no good', async () => {
  const line = (where) => `POST /v1/openai/chat/completions?key=${secret(where)}`;
  const bodyOf = (where) => JSON.stringify(prompt(where));
  const heads = {
    'a bad version': (own) => `${line(own)} HTTP/9.9\r\n\r\n`,
    'no version': (own) => `${line(own)}\r\n\r\n`,
    'a field without a colon': (own) => `${line(own)} HTTP/1.1\r\nHost: a\r\nAuthorization ${secret(own)}\r\n\r\n`,
    'a bad length': (own) => `${line(own)} HTTP/1.1\r\nHost: a\r\nContent-Length: ${secret(own)}\r\n\r\n`,
    'a bad transfer coding': (own) => `${line(own)} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ${secret(own)}\r\n\r\n`,
    'a user in Host': (own) => `GET /health HTTP/1.1\r\nHost: ${secret(own)}:${secret(own)}@gateway.test\r\nConnection: close\r\n\r\n`,
    'a long line': (own) => `${line(own)}${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`,
    'a long head': (own) => `${line(own)} HTTP/1.1\r\nAuthorization: ${secret(own).repeat(4000)}\r\n\r\n`,
    'half a head': (own) => `${line(own)} HTTP/1.1\r\nAuthorization: ${secret(own)}`,
    'a long body': (own) => `${line(own)} HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n${bodyOf(own)}`,
    'no JSON': (own) => `${line(own)} HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\n{"model":"${secret(own)}`,
    'a method of its own': (own) => `${secret(own)} /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    'a bad agent': (own) => `POST /v1/openai/00000000-0000-4000-8000-000000000000/chat/completions?key=${secret(own)} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
    'a bad trace': (own) => `${line(own)} HTTP/1.1\r\nHost: a\r\ntraceparent: ${secret(own)}\r\nContent-Length: 0\r\n\r\n`,
  };
  await Promise.all(
    Object.entries(heads).map(async ([where, bytes]) => {
      const client = await Client.connect(gateway.apiPort);
      try {
        await client.send(bytes(where));
        assert.ok((await client.head())?.status, where);
      } finally {
        client.close();
      }
    }),
  );
});

test('the platform API and the metrics', async () => {
  const api = (token, body, path = '/agents') => gateway.api('POST', path, body, { token });
  assert.equal((await api(secret('a wrong admin token'), '{}')).status, 401);
  assert.equal((await api(admin, { name: 'Canary' })).status, 201);
  assert.equal((await api(admin, `{"name": "${secret('no JSON for the API')}`)).status, 400);
  assert.equal((await api(admin, { [secret('a member that is not known')]: 1 })).status, 400);
  assert.equal((await api(admin, {}, `/nowhere?token=${secret('a query of the API')}`)).status, 404);
  for (const [token, status] of [[secret('a wrong metrics secret'), 401], [metricsSecret, 200]]) {
    const headers = { Authorization: `Bearer ${token}` };
    const { status: found } = await exchange(gateway.metricsPort, 'GET', `/metrics?x=${secret('a query of the metrics')}`, { headers });
    assert.equal(found, status);
  }
});

test('a collector that refuses', async () => {
  collector.next = [{ status: 401, body: 'no' }, { status: 503 }, 'reset'];
  for (let i = 0; i < 3; i += 1) {
    const left = collector.next.length;
    const headers = credentials('a call whose spans are refused');
    await exchange(gateway.apiPort, 'GET', '/health', { headers });
    await until('an export', () => collector.next.length < left, { withinMs: 20_000 });
  }
});

test('nothing of all this was written', async () => {
  const headers = { Authorization: `Bearer ${metricsSecret}` };
  const page = await exchange(gateway.metricsPort, 'GET', '/metrics', { headers });
  const shown = await run(['check-config'], { env: settings, cwd: gateway.folder });
  const written = new Map([
    ['the page of metrics', page.body],
    ['check-config', Buffer.from(shown.stdout)],
    ['the data folder, running', await everyFile(gateway.dataFolder)],
  ]);
  await gateway.program.stop();
  written.set('standard output', Buffer.from(gateway.program.stdout.join('\n')));
  written.set('standard error', Buffer.from(gateway.program.stderr.join('\n')));
  written.set('spans', Buffer.concat(collector.requests.map(({ body }) => body)));
  written.set('the data folder', await everyFile(gateway.dataFolder));

  for (const [place, bytes] of written) assert.ok(bytes.length > 100, `${place} has something to search`);
  assert.ok(written.get('spans').includes(visible), 'what is no secret is found in the spans');
  assert.ok(written.get('standard output').includes('504'), 'and in the log');
  assert.ok(written.get('standard error').includes('upstream failed'), 'and on standard error');
  assert.ok(written.get('standard error').includes('(status 407)'), 'and what the proxy did');
  assert.ok(planted.size > 1000, `secrets: ${planted.size}`);
  assert.deepEqual(search(written, planted), []);
  // Spans wait in the data folder.
  for (const text of Object.values(said)) {
    const places = search(written, new Map([[text, 'content']]));
    assert.ok(places.includes('content: in spans'), 'what an agent has captured is in its spans');
    assert.deepEqual(places.filter((place) => !/in (spans|the data folder|the data folder, running)$/.test(place)), []);
  }
  // The same search, which finds what is there.
  for (const [place, bytes] of written) {
    const seen = search(new Map([[place, bytes]]), new Map(Object.entries(marks).map(([what, text]) => [text, what])));
    assert.ok(seen.length > 0, `nothing that is meant to be seen is found in ${place}`);
  }
  const leaky = new Map([...written].map(([place, bytes]) => [place, Buffer.concat([bytes, Buffer.from(admin)])]));
  assert.equal(search(leaky, planted).length, written.size, 'a secret is found wherever it is');
});

/** Which of these texts are in what was written: "what it is: in which place". */
function search(written, texts) {
  const found = [];
  for (const [place, bytes] of written)
    for (const [text, what] of texts) if (bytes.includes(text)) found.push(`${what}: in ${place}`);
  return found;
}

/** The bytes of all files below a folder. */
async function everyFile(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
}

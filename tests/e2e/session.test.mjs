// Signing in with the admin token: what a browser gets, how long it counts, and who does not get in.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Page, signIn } from '../support/browser_session.mjs';
import { localhostCertificate } from '../support/certificate.mjs';
import { exchange } from '../support/client.mjs';
import { Gateway, adminToken } from '../support/gateway.mjs';
import { OpenApi } from '../support/openapi.mjs';
import { run } from '../support/program.mjs';
import { Scene } from '../support/scene.mjs';
import { until } from '../support/until.mjs';

const anyId = '00000000-0000-4000-8000-0000000000ff';

function assertRefused({ status, json, fields }, expected, type) {
  assert.deepEqual([status, json?.error?.type], [expected, type], JSON.stringify(json));
  assert.equal(fields.get('set-cookie'), undefined);
}

/** Runs act(gateway) on one of its own. */
async function withGateway(options, act) {
  const gateway = await Gateway.start(options);
  try {
    await act(gateway);
  } finally {
    await gateway.stop();
  }
}

describe('a session', () => {
  let gateway;
  before(async () => {
    gateway = await Gateway.start({ env: { ARCHESTRA_TRUSTED_PROXIES: '127.0.0.1' } });
  });
  after(() => gateway.stop());

  test('is a cookie that no script sees and no other site sends', async () => {
    const page = await Page.signedIn(gateway);
    assert.match(
      page.setCookie,
      /^archestra_session=[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    assert.ok(Math.abs(page.expiresAt - Date.now() - 43_200_000) < 60_000, `${page.expiresAt}`);
    assert.equal((await page.api('GET', '/agents')).status, 200);
    const { status, json } = await page.api('GET', '/session');
    assert.deepEqual([status, json.csrfToken, Date.parse(json.expiresAt)], [200, page.csrfToken, page.expiresAt]);
    assert.equal((await page.api('PUT', '/log-levels', {})).status, 200);
    assert.equal((await page.api('HEAD', '/agents')).status, 200);
  });

  test('does not begin with anything but the admin token', async () => {
    for (const token of ['', `${adminToken} `, adminToken.slice(1), adminToken.toUpperCase()])
      assertRefused(await signIn(gateway, token), 401, 'invalid_token');
    assertRefused(await gateway.api('POST', '/session', {}, { token: '' }), 400, 'invalid_request');
    assertRefused(await gateway.api('POST', '/session', '{"token":', { token: '' }), 400, 'invalid_request');
    // A form of another site, whose token would be somebody else's.
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])
      assertRefused(await signIn(gateway, adminToken, { 'Content-Type': type }), 415, 'unsupported_media_type');
    for (const site of ['cross-site', 'same-site'])
      assertRefused(await signIn(gateway, adminToken, { 'Sec-Fetch-Site': site }), 403, 'cross_site');
  });

  test('ends on the server when it is signed out', async () => {
    const page = await Page.signedIn(gateway);
    const other = await Page.signedIn(gateway);
    const out = await page.api('DELETE', '/session');
    assert.equal(out.status, 204);
    assert.match(out.fields.get('set-cookie'), /^archestra_session=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/);
    assertRefused(await page.api('GET', '/agents'), 401, 'session_expired');
    assertRefused(await page.api('GET', '/session'), 401, 'session_expired');
    assert.equal((await page.api('DELETE', '/session')).status, 401);
    assert.equal((await other.api('GET', '/agents')).status, 200);
  });

  test('is not used by pages of others, and not by forms', async () => {
    const page = await Page.signedIn(gateway);
    const other = await Page.signedIn(gateway);
    const agent = { name: 'forged' };
    const cases = [
      [{ 'X-CSRF-Token': null }, 403, 'csrf_token_missing'],
      [{ 'X-CSRF-Token': '' }, 403, 'csrf_token_missing'],
      [{ 'X-CSRF-Token': 'x'.repeat(64) }, 403, 'csrf_token_wrong'],
      [{ 'X-CSRF-Token': other.csrfToken }, 403, 'csrf_token_wrong'],
      [{ 'Sec-Fetch-Site': 'cross-site' }, 403, 'cross_site'],
      [{ 'Sec-Fetch-Site': 'same-site' }, 403, 'cross_site'],
      [{ 'Content-Type': 'application/x-www-form-urlencoded', 'X-CSRF-Token': null }, 403, 'csrf_token_missing'],
      [{ 'Content-Type': 'text/plain' }, 415, 'unsupported_media_type'],
    ];
    for (const [headers, status, type] of cases)
      for (const method of ['POST', 'PUT', 'DELETE']) {
        if (status === 415 && method === 'DELETE') continue;
        const path = method === 'POST' ? '/agents' : `/agents/${anyId}`;
        assertRefused(await page.api(method, path, agent, headers), status, type);
      }
    assert.equal((await gateway.api('GET', '/agents?search=forged')).json.pagination.total, 0);
    for (const site of ['cross-site', 'same-site'])
      assertRefused(await page.api('GET', '/agents', undefined, { 'Sec-Fetch-Site': site }), 403, 'cross_site');
    assertRefused(await page.api('DELETE', '/session', undefined, { 'X-CSRF-Token': null }), 403, 'csrf_token_missing');
    for (const headers of [{}, { 'Sec-Fetch-Site': null }, { 'Sec-Fetch-Site': 'none' }])
      assert.equal((await page.api('PUT', '/log-levels', {}, headers)).status, 200, JSON.stringify(headers));
    const preflight = await exchange(gateway.apiPort, 'OPTIONS', '/api/agents', {
      headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    assert.equal(preflight.status, 401);
    assert.equal(preflight.fields.get('access-control-allow-origin'), undefined);
  });

  test('is found among cookies of others, and none that the client chose becomes one', async () => {
    const page = await Page.signedIn(gateway);
    const tossed = `archestra_session=${'a'.repeat(64)}`;
    for (const cookies of [`${tossed}; ${page.cookie}`, `${page.cookie}; x=y; ${tossed}`])
      assert.equal((await page.api('GET', '/agents', undefined, { Cookie: cookies })).status, 200, cookies);
    assertRefused(await page.api('GET', '/agents', undefined, { Cookie: tossed }), 401, 'session_expired');
    const again = await Page.signedIn(gateway, adminToken, { Cookie: `${tossed}; ${page.cookie}` });
    assert.ok(![tossed, page.cookie].includes(again.cookie));
    assertRefused(await page.api('GET', '/agents'), 401, 'session_expired');
    assertRefused(await again.api('GET', '/agents', undefined, { Cookie: tossed }), 401, 'session_expired');
  });

  test('has to wait after wrong tokens, by the address of the client', async () => {
    const from = (address) => ({ 'X-Forwarded-For': address });
    let wrong = 0;
    let answer;
    do {
      wrong += 1;
      answer = await signIn(gateway, `guess ${wrong}`, from(`2001:db8::${wrong}`));
    } while (answer.status === 401 && wrong < 100);
    assert.equal(wrong, 11);
    assertRefused(answer, 429, 'too_many_attempts');
    const wait = Number(answer.fields.get('retry-after'));
    assert.ok(wait >= 1 && wait <= 30, `${wait}`);
    assertRefused(await signIn(gateway, adminToken, from('2001:db8::ffff')), 429, 'too_many_attempts');
    await Page.signedIn(gateway, adminToken, from('2001:db8:0:1::1'));
    const bearer = { token: adminToken, headers: from('2001:db8::1') };
    assert.equal((await gateway.api('GET', '/agents', undefined, bearer)).status, 200);
  });

  test('leaves nothing of a token or a cookie in logs', async () => {
    const page = await Page.signedIn(gateway);
    await signIn(gateway, 'wrong-token-of-this-test');
    await gateway.api('GET', '/agents', undefined, { token: 'wrong-token-of-this-test' });
    await gateway.api('PUT', '/log-levels', { log: 'debug', accessLog: 'debug' });
    await page.api('DELETE', '/session');
    await until('the line of a wrong token', () => gateway.program.stderr.some((line) => line.includes('a wrong admin token')));
    await until('the line of DELETE', () => gateway.accessLog.some((line) => line.method === 'DELETE'));
    const logs = [...gateway.program.stderr, ...gateway.program.stdout].join('\n');
    for (const secret of [adminToken, 'wrong-token-of-this-test', page.cookie.split('=')[1], page.csrfToken])
      assert.ok(!logs.includes(secret));
    const database = await Promise.all(
      ['', '-wal'].map((end) => readFile(join(gateway.dataFolder, `archestra.db${end}`), 'latin1')),
    );
    for (const secret of [adminToken, page.cookie.split('=')[1], page.csrfToken])
      assert.ok(!database.join('').includes(secret));
  });

  test('or a bearer token is wanted by everything that is described, but for what says otherwise', async () => {
    const page = await Page.signedIn(gateway);
    const { json: document } = await gateway.api('GET', '/openapi.json', undefined, { token: '' });
    const { operations } = new OpenApi(document);
    const open = operations.filter(({ isPublic }) => isPublic).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(open.sort(), ['GET /api/openapi.json', 'POST /api/session']);
    const credentials = [
      {},
      { Authorization: 'Bearer wrong' },
      { Authorization: `Basic ${Buffer.from(`admin:${adminToken}`).toString('base64')}` },
      { Cookie: `archestra_session=${adminToken}` },
      { Cookie: page.cookie.replace(/.$/, (last) => (last === '0' ? '1' : '0')), 'X-CSRF-Token': page.csrfToken },
    ];
    let asked = 0;
    for (const { method, path, isPublic } of operations) {
      if (isPublic) continue;
      const target = path.slice('/api'.length).replace('{id}', anyId);
      for (const headers of credentials)
        for (const spelled of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
          const body = method === 'GET' ? undefined : {};
          const { status, fields, json } = await gateway.api(spelled, target, body, { token: '', headers });
          assert.equal(status, 401, `${spelled} ${target} with ${JSON.stringify(headers)}`);
          assert.equal(fields.get('www-authenticate'), 'Bearer');
          assert.equal(fields.get('cache-control'), 'no-store');
          if (spelled !== 'HEAD') assert.deepEqual(Object.keys(json), ['error']);
          asked += 1;
        }
    }
    assert.ok(asked > 100, `${asked}`);
  });

  test('and everything else below /api is stored by nobody and taken for nothing else', async () => {
    const page = await Page.signedIn(gateway);
    const answers = [
      await page.api('GET', '/agents'),
      await page.api('GET', '/nothing'),
      await page.api('DELETE', '/session'),
      await gateway.api('GET', '/openapi.json', undefined, { token: '' }),
      await gateway.api('PATCH', '/agents'),
      await gateway.api('POST', '/agents', 'x'.repeat((1 << 20) + 1)),
    ];
    assert.deepEqual(answers.map(({ status }) => status), [200, 404, 204, 200, 405, 413]);
    for (const { fields } of answers) {
      assert.equal(fields.get('cache-control'), 'no-store');
      assert.equal(fields.get('x-content-type-options'), 'nosniff');
    }
  });
});

describe('a session ends', () => {
  test('when its time is up', () =>
    withGateway({ env: { ARCHESTRA_SESSION_LIFETIME_MS: '1200' } }, async (gateway) => {
      const page = await Page.signedIn(gateway);
      assert.match(page.setCookie, /; Max-Age=2;/);
      assert.equal((await page.api('GET', '/session')).status, 200);
      const last = await until('the end', async () => {
        const answer = await page.api('GET', '/agents');
        return answer.status !== 200 && answer;
      });
      assert.ok(Date.now() >= page.expiresAt);
      assertRefused(last, 401, 'session_expired');
    }));

  test('when the admin token is reset beside the gateway, and not when that starts again', () =>
    withGateway({ env: { ARCHESTRA_ADMIN_TOKEN: '' } }, async (gateway) => {
      const reset = async () =>
        (await run(['admin-token', 'reset'], { env: { ARCHESTRA_DATA_DIR: gateway.dataFolder } })).stdout.trim();
      const page = await Page.signedIn(gateway, await reset());
      assert.equal((await page.api('GET', '/agents')).status, 200);
      const next = await Page.signedIn(gateway, await reset());
      assertRefused(await page.api('GET', '/agents'), 401, 'session_expired');
      await gateway.program.stop();
      const second = await Gateway.start({ env: { ARCHESTRA_ADMIN_TOKEN: '' }, of: gateway });
      next.gateway = second;
      assert.equal((await next.api('GET', '/agents')).status, 200);
      assert.equal((await next.api('PUT', '/log-levels', {})).status, 200);
      await second.program.stop();
      const third = await Gateway.start({ of: gateway });
      next.gateway = third;
      assertRefused(await next.api('GET', '/agents'), 401, 'session_expired');
      gateway.program = third.program;
    }));
});

test('it is nothing to providers: they neither get it nor act in its name', async () => {
  const scene = await Scene.start();
  try {
    const page = await Page.signedIn(scene.gateway);
    const answer = {
      'Content-Type': 'text/html',
      'Set-Cookie': `archestra_session=${'a'.repeat(64)}; Path=/`,
    };
    const { result, caseName } = await scene.observe(
      (own) =>
        exchange(scene.gateway.apiPort, 'GET', '/v1/openai/files/1/content', {
          headers: { ...own, Cookie: `a=b; ${page.cookie}; c=d` },
        }),
      { upstream: (own) => own.respond(200, answer, '<script>fetch("/api/session")</script>') },
    );
    const seen = await scene.upstream.only(caseName);
    assert.deepEqual(seen.fields.all('cookie'), ['a=b; c=d']);
    assert.equal(result.fields.get('content-security-policy'), 'sandbox');
    assert.equal(result.fields.get('x-content-type-options'), 'nosniff');
    assert.equal(result.fields.get('set-cookie'), undefined);
    assert.equal(result.body.toString(), '<script>fetch("/api/session")</script>');
  } finally {
    await scene.stop();
  }
});

test('by https its cookie is sent by https alone, and by this host alone', async () => {
  const certificate = await localhostCertificate();
  const expected =
    /^__Host-archestra_session=[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/;
  try {
    const env = {
      ARCHESTRA_TLS_CERT_FILE: certificate.caFile,
      ARCHESTRA_TLS_KEY_FILE: certificate.caFile.replace('cert.pem', 'key.pem'),
    };
    await withGateway({ env, secure: { ca: certificate.secure.cert } }, async (gateway) => {
      const page = await Page.signedIn(gateway);
      assert.match(page.setCookie, expected);
      assert.equal((await page.api('GET', '/agents')).status, 200);
      const plain = page.cookie.replace('__Host-', '');
      assertRefused(await page.api('GET', '/agents', undefined, { Cookie: plain }), 401, 'unauthorized');
      const { json } = await page.api('GET', '/settings', undefined, { Host: 'gateway.example:1234' });
      assert.equal(json.apiBaseUrl, 'https://gateway.example:1234');
    });
  } finally {
    await certificate.remove();
  }
  await withGateway({ env: { ARCHESTRA_API_BASE_URL: 'https://gateway.example' } }, async (gateway) => {
    const page = await Page.signedIn(gateway);
    assert.match(page.setCookie, expected);
    assert.equal((await page.api('GET', '/agents')).status, 200);
  });
});

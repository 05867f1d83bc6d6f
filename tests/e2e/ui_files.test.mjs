// The files of the web UI as the gateway serves them: who gets the page, what a browser may do with it, how it is kept.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { Client, exchange } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';

const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const firstPageBytesMax = 250_000; // compressed, all that the page asks for before anything is clicked

let gateway;
let port;
let page;
before(async () => {
  gateway = await Gateway.start();
  port = gateway.apiPort;
  page = await exchange(port, 'GET', '/', { headers: browser });
});
after(() => gateway.stop());

/** The paths that the page names: scripts, styles, icons. */
const namedFiles = () => [...page.body.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);

describe('the page', () => {
  test('is at /, for whoever asks', async () => {
    assert.equal(page.status, 200);
    assert.match(page.fields.get('content-type'), /^text\/html/);
    assert.deepEqual((await exchange(port, 'GET', '/')).body, page.body);
  });

  test('is at every place in it, for browsers alone', async () => {
    for (const path of ['/agents', '/agents/0b4c', '/calls/a?outcome=completed', '/nothing']) {
      const answer = await exchange(port, 'GET', path, { headers: browser });
      assert.equal(answer.status, 200, path);
      assert.deepEqual(answer.body, page.body, path);
      const other = await exchange(port, 'GET', path);
      assert.equal(other.status, 404, path);
      assert.equal(JSON.parse(other.body).error.type, 'not_found');
    }
  });

  test('is nowhere below the prefixes of others', async () => {
    for (const path of ['/v1', '/v1/nobody/models', '/v1beta/models', '/api', '/api/nothing', '/assets/gone.js']) {
      const answer = await exchange(port, 'GET', path, { headers: browser });
      assert.ok(answer.status === 404 || answer.status === 401, `${path}: ${answer.status}`);
      assert.match(answer.fields.get('content-type'), /^application\/json/, path);
    }
  });

  test('holds no script and no style, so that none can be slipped in', () => {
    const html = page.body.toString();
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/i);
    for (const [, attributes, content] of html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
      assert.match(attributes, /src="\//);
      assert.equal(content.trim(), '');
    }
  });

  test('is asked for anew each time and sent once', async () => {
    assert.equal(page.fields.get('cache-control'), 'no-cache');
    const headers = { ...browser, 'If-None-Match': page.fields.get('etag') };
    const again = await exchange(port, 'GET', '/', { headers });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
    assert.equal(again.fields.get('etag'), page.fields.get('etag'));
  });

  test('is small enough to be there at once', async () => {
    const files = ['/', ...namedFiles()];
    assert.ok(files.length > 2, 'it names a script and a style');
    const sizes = await Promise.all(
      files.map(async (path) => (await exchange(port, 'GET', path, { headers: { 'Accept-Encoding': 'gzip' } })).body.length),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes < firstPageBytesMax, `${bytes} bytes compressed`);
  });
});

describe('its files', () => {
  test('are all there, with the right types, and kept for good where their name says what they are', async () => {
    const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', woff2: 'font/woff2' };
    for (const path of namedFiles()) {
      const answer = await exchange(port, 'GET', path);
      assert.equal(answer.status, 200, path);
      assert.ok(answer.fields.get('content-type').startsWith(types[path.split('.').at(-1)]), path);
      const isHashed = path.startsWith('/assets/');
      assert.equal(answer.fields.get('cache-control'), isHashed ? 'public, max-age=31536000, immutable' : 'no-cache', path);
    }
  });

  test('are compressed for those who take it, and the same for those who do not', async () => {
    const path = namedFiles().find((name) => /\/index-.*\.js$/.test(name));
    const plain = await exchange(port, 'GET', path);
    const zipped = await exchange(port, 'GET', path, { headers: { 'Accept-Encoding': 'gzip, deflate, br, zstd' } });
    assert.equal(plain.fields.get('content-encoding'), undefined);
    assert.equal(zipped.fields.get('content-encoding'), 'gzip');
    assert.match(zipped.fields.get('vary'), /Accept-Encoding/);
    assert.ok(zipped.body.length < plain.body.length / 2);
    assert.deepEqual(gunzipSync(zipped.body), plain.body);
  });

  test('HEAD has the fields of GET; nothing else is answered', async () => {
    const client = await Client.connect(port);
    await client.request('HEAD', '/');
    const head = await client.response({ method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.fields.get('content-length'), String(page.body.length));
    client.close();
    const posted = await exchange(port, 'POST', '/', { body: '{}' });
    assert.equal(posted.status, 405);
    assert.equal(posted.fields.get('allow'), 'GET, HEAD');
  });
});

test('each file lets a browser do nothing but what it is for', async () => {
  for (const path of ['/', ...namedFiles()]) {
    const { fields } = await exchange(port, 'GET', path);
    const policy = new Map(
      fields.get('content-security-policy').split(';').map((part) => {
        const [name, ...sources] = part.trim().split(' ');
        return [name, sources];
      }),
    );
    assert.deepEqual(policy.get('default-src'), ["'none'"], path);
    for (const [name, sources] of policy) {
      const harmless = name === 'img-src' ? ["'self'", 'data:'] : ["'self'", "'none'"];
      for (const source of sources) assert.ok(harmless.includes(source), `${path}: ${name} ${source}`);
    }
    for (const name of ['frame-ancestors', 'base-uri', 'form-action']) assert.deepEqual(policy.get(name), ["'none'"], name);
    assert.equal(fields.get('x-frame-options'), 'DENY');
    assert.equal(fields.get('x-content-type-options'), 'nosniff');
    assert.equal(fields.get('referrer-policy'), 'no-referrer');
  }
});

test('records name the page and its files by templates', async () => {
  const metrics = await gateway.scrape();
  const routes = new Set(metrics.samples('http_request_duration_seconds_count').map(({ labels }) => labels.route));
  assert.ok(routes.has('/') && routes.has('/assets/*'), [...routes].join(' '));
  for (const route of routes) assert.doesNotMatch(route, /^\/agents|^\/assets\/[^*]/);
});

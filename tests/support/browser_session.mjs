// A page that is signed in: what a browser keeps of a session, and sends along.

import assert from 'node:assert/strict';

import { adminToken } from './gateway.mjs';

/** Asks to sign in: the answer of POST /api/session. */
export function signIn(gateway, token = adminToken, headers = {}) {
  return gateway.api('POST', '/session', { token }, { token: '', headers });
}

export class Page {
  gateway;
  setCookie;
  cookie;
  csrfToken;
  expiresAt;

  static async signedIn(gateway, token = adminToken, headers = {}) {
    const { status, fields, json } = await signIn(gateway, token, headers);
    assert.equal(status, 201, JSON.stringify(json));
    const page = new Page();
    page.gateway = gateway;
    page.setCookie = fields.get('set-cookie');
    page.cookie = page.setCookie.split(';')[0];
    page.csrfToken = json.csrfToken;
    page.expiresAt = Date.parse(json.expiresAt);
    return page;
  }

  /** As gateway.api(), with the session; `headers` override what a page of the gateway's own sends. */
  api(method, path, body, headers = {}) {
    const reads = method === 'GET' || method === 'HEAD';
    const all = {
      Cookie: this.cookie,
      ...(!reads && { 'X-CSRF-Token': this.csrfToken }),
      'Sec-Fetch-Site': 'same-origin',
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
    return this.gateway.api(method, path, body, { token: '', headers: sent });
  }
}

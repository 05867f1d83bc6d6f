// A real browser for the tests of the web UI: Debian's Chromium, driven by Playwright. Each page has a context of its own,
// with nothing of the others, and remembers what the browser complained of, so that a test can want that to be nothing.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(fileURLToPath(new URL('../e2e/package.json', import.meta.url)));
const { chromium } = require('playwright-core');

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
// Root has no sandbox; what Chromium would ask its maker for has no place in a test.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 375, height: 812 };

export class Browser {
  #browser;

  /** With `restoresPages` it keeps pages as they were for Back, as it does for people and Playwright has it not do. */
  static async start({ restoresPages = false } = {}) {
    assert.ok(executablePath, 'there is a Chromium: ./dev test installs it');
    const browser = new Browser();
    const ignoreDefaultArgs = restoresPages ? ['--disable-back-forward-cache'] : [];
    browser.#browser = await chromium.launch({ executablePath, args, ignoreDefaultArgs });
    return browser;
  }

  stop() {
    return this.#browser.close();
  }

  /** A page on `origin`, as somebody who comes for the first time sees it. `colorScheme` is light or dark. */
  async page(origin, { viewport = desktop, colorScheme = 'light', ...options } = {}) {
    const context = await this.#browser.newContext({ baseURL: origin, viewport, colorScheme, ...options });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
    page.on('console', (message) => {
      // An answer of 401 is how a page learns that nobody has signed in: no fault, though Chromium says so in red.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
    });
    return Object.assign(page, { complaints });
  }
}

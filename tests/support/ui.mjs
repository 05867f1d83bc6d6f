// What tests of the web UI do on any of its pages: come in, go by keyboard, and look for what keeps people from using it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { desktop, phone } from './browser.mjs';
import { adminToken } from './gateway.mjs';
import { until } from './until.mjs';

const axe = readFileSync(new URL('../e2e/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** A session for the page's browser, without the sign-in page; answers with what the gateway said of it. */
export async function signIn(page) {
  const answer = await page.request.post('/api/session', { data: { token: adminToken } });
  assert.equal(answer.status(), 201, await answer.text());
  return answer.json();
}

/** Goes to a path, and waits until the page has its heading and nothing in it is still loading. */
export async function visit(page, path) {
  await page.goto(path);
  await settled(page);
}

/** As visit(), within the document that is there: as a link does it. */
export async function go(page, path) {
  await page.evaluate((to) => history.pushState(null, '', to), path);
  await settled(page);
}

/** Follows a link of the page's own navigation, wide or on a phone, as the page has it; nothing is loaded anew. */
export async function follow(page, name) {
  const opener = page.getByRole('button', { name: 'Open navigation' });
  if (await opener.isVisible()) await opener.click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
  await settled(page);
}

/** What loads says so by aria-busy, or is grey bars. */
export async function settled(page) {
  await page.locator('h1').first().waitFor(); // which an open dialog hides from screen readers
  await page.waitForFunction(() => document.querySelector('[aria-busy=true], [class*=keleton]') === null);
}

/** In every look: {colorScheme, viewport}, and `name`. */
export const looks = [
  { name: 'light, desktop', colorScheme: 'light', viewport: desktop },
  { name: 'dark, desktop', colorScheme: 'dark', viewport: desktop },
  { name: 'dark, phone', colorScheme: 'dark', viewport: phone },
  { name: 'light, phone', colorScheme: 'light', viewport: phone },
];

/** Gives the page another look, all of it: what it has not drawn yet is of the one before. */
export async function show(page, { colorScheme, viewport }) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize(viewport);
  const isDark = colorScheme === 'dark';
  await page.waitForFunction(
    ([dark, width]) => matchMedia('(prefers-color-scheme: dark)').matches === dark && innerWidth === width,
    [isDark, viewport.width],
  );
  await drawn(page);
}

/** Frames are late on a busy machine, and until one is drawn, colours are those of the look before, or on their way. */
const drawn = (page) =>
  page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });

/** What axe-core finds on the page, of these rules or of all that it knows: a sentence each. */
export async function faultsOf(page, rules) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  return page.evaluate(async (runOnly) => {
    const options = { resultTypes: ['violations', 'incomplete'], ...(runOnly && { runOnly }) };
    const { violations, incomplete } = await globalThis.axe.run(document, options);
    // Text in the colour of its ground is text that is meant to be hidden, to axe-core.
    const isUnseen = ({ any }) => any.some(({ data }) => data?.messageKey === 'equalRatio');
    const unseen = incomplete.map((rule) => ({ ...rule, nodes: rule.nodes.filter(isUnseen) }));
    return [...violations, ...unseen].flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
    );
  }, rules);
}

/** How wide the page is, and what makes it wider than its window. */
export function widths(page) {
  return page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const stands = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > room + 1);
    const name = ({ tagName, className }) => `${tagName.toLowerCase()}.${className}`;
    return { room, width: document.documentElement.scrollWidth, wide: stands.slice(0, 4).map(name).join(' ') };
  });
}

const kTabsMax = 120;

/** Presses Tab (`backwards`: with Shift) until the locator's element has the focus, and sees to it that it is shown. */
export async function tabTo(page, locator, { backwards = false } = {}) {
  await locator.waitFor();
  for (let i = 0; i < kTabsMax; i += 1) {
    await page.keyboard.press(backwards ? 'Shift+Tab' : 'Tab');
    if (await hasFocus(locator)) return assertFocusIsSeen(locator);
  }
  return assert.fail(`${locator} is not reached with ${kTabsMax} times Tab`);
}

export const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);

export const awaitFocus = (locator) => until(`the focus on ${locator}`, () => hasFocus(locator));

/** What has the focus has a ring: itself, or what stands for it (the label of a radio, the row of a link). */
export async function assertFocusIsSeen(locator) {
  const isSeen = await locator.evaluate((element) => {
    const hasRing = ({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    const kinds = [undefined, '::before', '::after'];
    return [element, element.parentElement].some((each) => kinds.some((kind) => hasRing(getComputedStyle(each, kind))));
  });
  assert.ok(isSeen, `the focus on ${locator} cannot be seen`);
}

// What a browser measures that opens pages: bytes over the wire, the time until a page can be used, and what moves in it
// by itself.

import { setTimeout as sleep } from 'node:timers/promises';

import { settled, show, signIn } from '../../support/ui.mjs';

const watchedMs = 4000; // a page, for what comes late
const tries = 7;

/** What a browser fetches that has nothing yet, until the overview is there: {files, bytes}, API apart. */
export async function firstPage(origin, browser) {
  const page = await browser.page(origin);
  await signIn(page);
  const sizes = [];
  page.on('requestfinished', (request) => {
    if (!new URL(request.url()).pathname.startsWith('/api/')) sizes.push(request.sizes());
  });
  await page.goto('/');
  await settled(page);
  const bytes = (await Promise.all(sizes)).reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  await page.context().close();
  return { files: sizes.length, bytes };
}

/**
 * Milliseconds from asking for a page to a frame that has what `selector` names, the median of some browsers that have
 * nothing yet; then `use(page)` makes use of it, and has milliseconds of its own.
 */
export async function usable(origin, browser, path, selector, use = async () => 0) {
  const found = { shown: [], used: [] };
  for (let i = 0; i < tries; i += 1) {
    const page = await browser.page(origin);
    await signIn(page);
    await page.goto(path, { waitUntil: 'commit' });
    await page.waitForSelector(selector);
    found.shown.push(await page.evaluate(afterFrame));
    found.used.push(await use(page));
    await page.context().close();
  }
  return { shown: median(found.shown), used: median(found.used), longest: Math.max(...found.shown) };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** In the page: performance.now(), which counts from the navigation on, once another frame was drawn. */
export function afterFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  });
}

/** In the page, before anything of it runs. */
function watchShifts() {
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput) globalThis.shifts.push({ value, what: sources.map(({ node }) => node?.className ?? node?.nodeName) });
  }).observe({ type: 'layout-shift', buffered: true });
}

/** The layout shift of each page in each look: [{name, look, sum, shifts}], the most first. */
export async function layoutShifts(origin, paths, browser, looks) {
  const found = [];
  const page = await browser.page(origin);
  await signIn(page);
  await page.addInitScript(watchShifts);
  for (const [name, path] of Object.entries(paths)) {
    for (const look of looks) {
      await show(page, look);
      await page.goto(path);
      await settled(page);
      await sleep(watchedMs);
      const shifts = await page.evaluate(() => globalThis.shifts);
      found.push({ name, look: look.name, sum: shifts.reduce((sum, { value }) => sum + value, 0), shifts });
    }
  }
  await page.context().close();
  return found.sort((a, b) => b.sum - a.sum);
}

// A picture of every page in every look: docs/ui/<page>-<light|dark>-<desktop|phone>.png, and a page that shows them.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { desktop } from '../../support/browser.mjs';
import { withPalette } from '../../support/png.mjs';
import { go, looks, settled, show, signIn } from '../../support/ui.mjs';

const folder = new URL('../../../docs/ui/', import.meta.url);
const drawnMs = 1500; // charts draw themselves anew in another look, and live figures come once a second
const heightMax = 1600; // of a page that goes on: more of the same rows

const isDesktop = ({ viewport }) => viewport === desktop;
const fileOf = (name, look) => `${name}-${look.name.replace(', ', '-')}.png`;

/** The page from its top to its end, as a window shows it that is so high. */
async function take(page, name, look) {
  await show(page, look);
  await settled(page);
  const wanted = await page.evaluate(() => document.documentElement.scrollHeight);
  const height = Math.min(Math.max(wanted, look.viewport.height), heightMax);
  await show(page, { ...look, viewport: { ...look.viewport, height } });
  await sleep(drawnMs);
  const png = withPalette(await page.screenshot());
  const file = fileOf(name, look);
  await writeFile(new URL(file, folder), png);
  return { file, bytes: png.length };
}

function gallery(names) {
  const picture = (name, look) => `![${name}, ${look.name}](${fileOf(name, look)})`;
  const sections = names.map((name) => {
    const wide = looks.filter(isDesktop).map((look) => picture(name, look));
    const narrow = looks.filter((look) => !isDesktop(look)).map((look) => picture(name, look));
    return [`## ${name}`, ...wide, narrow.join(' ')].join('\n\n');
  });
  return `# The web UI\n\nTaken by \`./dev prove screens\` of simulated traffic.\n\n${sections.join('\n\n')}\n`;
}

/** {files, complaints}: what was written, and what the browser complained of. */
export async function takePictures(origin, paths, browser, note) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const files = [];
  const complaints = [];
  // A phone shows no scroll bars, so it is another browser and not a narrow window.
  for (const [device, options] of [['desktop', {}], ['phone', { isMobile: true, hasTouch: true }]]) {
    const seenIn = looks.filter((look) => isDesktop(look) === (device === 'desktop'));
    const page = await browser.page(origin, { ...options, viewport: seenIn[0].viewport });
    await page.goto('/sign-in');
    for (const look of seenIn) files.push(await take(page, 'sign-in', look));
    await signIn(page);
    await page.goto('/');
    for (const [name, path] of Object.entries(paths)) {
      await show(page, seenIn[0]);
      await go(page, path);
      for (const look of seenIn) files.push(await take(page, name, look));
    }
    note(`pictures of ${device}s`);
    complaints.push(...page.complaints);
    await page.context().close();
  }
  await writeFile(new URL('README.md', folder), gallery(['sign-in', ...Object.keys(paths)]));
  return { files, complaints };
}

// What the web UI looks like and how soon it is there: pictures of every page in docs/ui/, and what a browser measures.

import { setTimeout as sleep } from 'node:timers/promises';

import { Browser } from '../support/browser.mjs';
import { exchange } from '../support/client.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { looks, signIn } from '../support/ui.mjs';
import { Stage } from '../support/ui_stage.mjs';
import { afterFrame, firstPage, layoutShifts, usable } from './screens/measures.mjs';
import { pagesOf } from './screens/pages.mjs';
import { takePictures } from './screens/pictures.mjs';

export const title = 'The web UI';

const playSeconds = 240; // before the first picture, so that charts have something to show
const firstPageBytesMax = 250_000;
const agentsMade = 1_000;
const usableMsMax = 1_000;
const searchMsMax = 200;
const shiftMax = 0.03; // up to 0.1 is good, says web.dev; a table may have a row more than could be known
const pictureBytesMax = 150_000;

const originOf = (gateway) => `http://127.0.0.1:${gateway.apiPort}`;
const inChunks = async (count, act, atOnce = 20) => {
  for (let i = 0; i < count; i += atOnce) await Promise.all(Array.from({ length: atOnce }, (_, k) => act(i + k)));
};

/** A gateway with a thousand agents, each of which has made a call. Ids, into which the search looks as well, have no n. */
async function crowd(browser, note) {
  const simulator = await Simulator.start({ args: ['--journal', '0'] });
  const gateway = await Gateway.start({ openaiBaseUrl: simulator.baseUrl });
  await inChunks(agentsMade, async (i) => {
    const labels = [{ key: 'team', value: `team-${i % 25}` }, { key: 'environment', value: i % 3 ? 'production' : 'staging' }];
    const { json } = await gateway.api('POST', '/agents', { name: `Agent n${String(i).padStart(3, '0')}`, labels });
    await exchange(gateway.apiPort, 'POST', `/v1/openai/${json.id}/chat/completions`, {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: `model-${i % 12}`, messages: [{ role: 'user', content: 'Hello.' }] }),
    });
  });
  const origin = originOf(gateway);
  const search = async (page) => {
    const started = await page.evaluate(() => performance.now());
    await page.getByRole('searchbox').fill('Agent n777');
    await page.getByRole('link', { name: 'Agent n777' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    return (await page.evaluate(afterFrame)) - started;
  };
  const found = {
    bytes: await firstPage(origin, browser),
    overview: await usable(origin, browser, '/', 'main .uplot canvas'),
    agents: await usable(origin, browser, '/agents', 'tbody a[href^="/agents/"]', search),
  };
  note(`usable: the overview after ${found.overview.shown.toFixed(0)} ms, agents after ${found.agents.shown.toFixed(0)} ms`);
  await gateway.stop();
  await simulator.stop();
  return found;
}

async function staged(browser, note) {
  const stage = await Stage.start();
  note(`the play goes on for ${playSeconds} s`);
  await sleep(playSeconds * 1000);
  const origin = originOf(stage.gateway);
  const paths = await pagesOf(stage);
  const pictures = await takePictures(origin, paths, browser, note);
  const shifts = await layoutShifts(origin, paths, browser, [looks[0], looks.at(-1)]);
  await stage.stop();
  return { pictures, shifts };
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const browser = await Browser.start();
  try {
    const found = { ...(await crowd(browser, note)), ...(await staged(browser, note)) };
    for (const { name, look, sum, shifts } of found.shifts.filter((each) => each.sum > shiftMax))
      note(`${name}, ${look}, moves: ${sum.toFixed(4)}, ${JSON.stringify(shifts)}`);
    for (const complaint of found.pictures.complaints) note(complaint);
    return report(found);
  } finally {
    await browser.stop();
  }
}

function report({ bytes, overview, agents, pictures, shifts }) {
  const ms = (value) => `${value.toFixed(0)} ms`;
  const kb = (value) => `${(value / 1000).toFixed(0)} KB`;
  const largest = pictures.files.toSorted((a, b) => b.bytes - a.bytes)[0];
  const [shift] = shifts;
  const rows = [
    [`what the first page fetches, compressed, in ${bytes.files} files`, bytes.bytes, firstPageBytesMax, kb],
    [`the overview is there (${agentsMade} agents with a call each; medians of browsers that have nothing yet)`, overview.shown, usableMsMax, ms],
    ['the list of agents is there', agents.shown, usableMsMax, ms],
    ['one of them is found by its name, from the first key on', agents.used, searchMsMax, ms],
    [`layout shift, the most of ${shifts.length} pages and looks: ${shift.name}, ${shift.look}`, shift.sum, shiftMax, (value) => value.toFixed(4)],
    [`the largest of ${pictures.files.length} pictures: ${largest.file}`, largest.bytes, pictureBytesMax, kb],
    ['complaints of the browser', pictures.complaints.length, 0, String],
  ];
  const lines = [
    'A gateway with release build and browser on the same machine; pictures are in [docs/ui](ui/README.md).',
    '',
    '| what | promised | found |',
    '| --- | --- | --- |',
    ...rows.map(([what, value, max, text]) => `| ${what} | at most ${text(max)} | ${text(value)} |`),
  ];
  return { lines, holds: rows.every(([, value, max]) => value <= max) };
}

// Runs proofs, prints what they found, and writes those that hold to their sections of docs/proof.md:
// ./dev prove [NAME...]

import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';

import * as alerts from './alerts.mjs';
import * as crowd from './crowd.mjs';
import * as durations from './durations.mjs';
import * as faults from './faults.mjs';
import * as fuzz from './fuzz.mjs';
import * as kills from './kills.mjs';
import * as outage from './outage.mjs';
import * as restart from './restart.mjs';
import * as scrapes from './scrapes.mjs';
import * as screens from './screens.mjs';
import * as slowClients from './slow_clients.mjs';
import * as trials from './trials.mjs';

const proofs = {
  durations,
  crowd,
  'slow-clients': slowClients,
  scrapes,
  restart,
  trials,
  alerts,
  faults,
  kills,
  outage,
  screens,
  fuzz,
};
const reportFile = new URL('../../docs/proof.md', import.meta.url);

function setting() {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  // What proofs write themselves is no change of what they prove.
  const changed = git('status', '--porcelain', '--untracked-files=no', ':(top)', ':(top,exclude)docs');
  const commit = git('describe', '--always') + (changed ? '-dirty' : '');
  const cpus = os.cpus();
  return `Commit ${commit}; ${cpus.length} CPUs, ${cpus[0].model.trim()}; ${os.type()}.`;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in proofs));
if (unknown.length > 0) {
  console.error(`there is no proof '${unknown[0]}'; there are: ${Object.keys(proofs).join(', ')}`);
  process.exit(2);
}

const preface = [
  '# Proofs',
  '',
  'Written by `./dev prove`, which runs the release build and measures what is promised. Not to be edited.',
].join('\n');

/** What is in the report: the sections, by title. */
async function sectionsSoFar() {
  const [, ...sections] = (await readFile(reportFile, 'utf8')).trimEnd().split(/^## /m);
  return new Map(sections.map((section) => [section.split('\n', 1)[0], `## ${section.trimEnd()}`]));
}

const sections = await sectionsSoFar();
let allHold = true;
for (const [name, proof] of Object.entries(proofs)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`==> ${name}`);
  const { lines, holds } = await proof.run((text) => console.error(`    ${text}`));
  const section = [`## ${proof.title}`, '', setting(), '', ...lines].join('\n');
  console.log(`${section}\n`);
  if (holds) sections.set(proof.title, section);
  else console.error(`    ${name} does not hold; its section of docs/proof.md is left as it was`);
  allHold &&= holds;
}
const report = Object.values(proofs).flatMap(({ title }) => sections.get(title) ?? []);
await writeFile(reportFile, `${[preface, ...report].join('\n\n')}\n`);
process.exitCode = allHold ? 0 : 1;

// Runs proofs, prints what they found, and writes it to docs/proof.md where all were run and all hold:
// ./dev prove [NAME...]

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';

import * as crowd from './crowd.mjs';
import * as durations from './durations.mjs';
import * as fuzz from './fuzz.mjs';
import * as restart from './restart.mjs';
import * as slowClients from './slow_clients.mjs';
import * as trials from './trials.mjs';

const proofs = { durations, crowd, 'slow-clients': slowClients, restart, trials, fuzz };
const reportFile = new URL('../../docs/proof.md', import.meta.url);

function setting() {
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const cpus = os.cpus();
  return `Commit ${commit}; ${cpus.length} CPUs, ${cpus[0].model.trim()}; ${os.type()}.`;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in proofs));
if (unknown.length > 0) {
  console.error(`there is no proof '${unknown[0]}'; there are: ${Object.keys(proofs).join(', ')}`);
  process.exit(2);
}

const lines = [
  '# Proofs',
  '',
  'Written by `./dev prove`, which runs the release build and measures what is promised. Not to be edited.',
  '',
  setting(),
];
let allHold = true;
for (const [name, proof] of Object.entries(proofs)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`==> ${name}`);
  const { lines: found, holds } = await proof.run((text) => console.error(`    ${text}`));
  allHold &&= holds;
  lines.push('', `## ${proof.title}`, '', ...found);
}
console.log(lines.join('\n'));
if (!allHold) {
  console.error('not everything holds; docs/proof.md is left as it was');
  process.exit(1);
}
if (names.length === 0) await writeFile(reportFile, `${lines.join('\n')}\n`);

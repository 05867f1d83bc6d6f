#!/usr/bin/env node
// Writes rules/recording.yml and rules/alerts.yml of source.mjs: node deploy/prometheus/generate.mjs
//
//   --out DIR        where to, instead of rules/ beside this file
//   --scale FACTOR   shortens all windows and waits, to see alerts at work without waiting for days: 0.00833 makes
//                    2.5 s of five minutes
//   --runbooks URL   where the pages of docs/runbooks are, for the annotation runbook_url

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { rules } from './source.mjs';

const preface = '# Made by deploy/prometheus/generate.mjs from source.mjs, which is the file to change.\n';
const width = 110;

/** The files: {name: text}. `options` are those of rules(). */
export function files(options) {
  const { recording, alerts } = rules(options);
  return { 'recording.yml': textOf(recording), 'alerts.yml': textOf(alerts) };
}

function textOf(groups) {
  return `${preface}groups:\n${groups.map(groupText).join('\n')}`;
}

function groupText({ name, rules: all }) {
  return `  - name: ${name}\n    rules:\n${all.map(ruleText).join('\n')}`;
}

function ruleText({ record, alert, comment, expr, for: wait, labels, annotations }) {
  const lines = [];
  const put = (key, text) => lines.push(`${lines.length === 0 ? '- ' : '  '}${key}:${text && ` ${text}`}`);
  if (record) put('record', record);
  else put('alert', alert);
  put('expr', expr.includes('\n') ? `|-\n${indent(expr, 4)}` : quoted(expr));
  if (wait) put('for', wait);
  for (const [key, map] of Object.entries({ labels, annotations })) {
    if (!map) continue;
    put(key, '');
    for (const [name, text] of Object.entries(map)) lines.push(`    ${name}: ${quoted(text)}`);
  }
  const comments = comment ? wrapped(comment).map((line) => `# ${line}`) : [];
  return `${indent([...comments, ...lines].join('\n'), 6)}\n`;
}

const indent = (text, by) => text.replace(/^(?=.)/gm, ' '.repeat(by));
const quoted = (text) => (/^[A-Za-z][\w ]*$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`);

function wrapped(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length > width) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) && ' '}${word}`;
  }
  return lines;
}

async function main() {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, scale: { type: 'string', default: '1' }, runbooks: { type: 'string' } },
  });
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new Error(`--scale wants a number above 0, not '${values.scale}'`);
  const out = values.out ?? fileURLToPath(new URL('rules', import.meta.url));
  await mkdir(out, { recursive: true });
  for (const [name, text] of Object.entries(files({ scale, runbooks: values.runbooks })))
    await writeFile(join(out, name), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main().catch((error) => {
    console.error(`generate: ${error.message}`);
    process.exitCode = 2;
  });

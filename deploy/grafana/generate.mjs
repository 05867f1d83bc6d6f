#!/usr/bin/env node
// Writes dashboards/*.json: node deploy/grafana/generate.mjs

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { gateway } from './gateway.mjs';
import { platform } from './platform.mjs';
import { usage } from './usage.mjs';

/** The files: {name: text}. */
export const files = Object.fromEntries(
  [platform, usage, gateway].map((dashboard) => [`${dashboard.uid}.json`, `${JSON.stringify(dashboard, null, 2)}\n`]),
);

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [name, text] of Object.entries(files)) await writeFile(new URL(`dashboards/${name}`, import.meta.url), text);

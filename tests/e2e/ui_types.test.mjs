// The web UI's types of the platform API are those of the description that this very program gives of it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { binary, temporaryFolder } from '../support/program.mjs';

const run = promisify(execFile);
const ui = fileURLToPath(new URL('../../ui/', import.meta.url));

test('ui/src/api/schema.gen.ts is what `npm run generate-types` makes of `archestra openapi`', async () => {
  const folder = await temporaryFolder();
  try {
    const description = join(folder.path, 'openapi.json');
    const types = join(folder.path, 'schema.ts');
    await writeFile(description, (await run(binary, ['openapi'])).stdout);
    await run(process.execPath, [join(ui, 'node_modules/openapi-typescript/bin/cli.js'), description, '-o', types]);
    assert.equal(await readFile(types, 'utf8'), await readFile(join(ui, 'src/api/schema.gen.ts'), 'utf8'));
  } finally {
    await folder.remove();
  }
});

// A file system of a few megabytes, so that a test can fill it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';

import { temporaryFolder } from './program.mjs';

/** {path, remove}, or null where this user may mount none. `size` as mount(8) has it for a tmpfs: `4m`. */
export async function mountDisk(size) {
  const folder = await temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder.path], { stdio: 'ignore' });
  } catch {
    await folder.remove();
    return null;
  }
  const remove = async () => {
    execFileSync('umount', ['--lazy', folder.path]);
    await folder.remove();
  };
  return { path: folder.path, remove };
}

/** Appends to the file until nothing goes any more, not a byte. */
export async function fillDisk(path) {
  const file = await open(path, 'a');
  try {
    for (let size = 1 << 16; size >= 1; ) {
      const written = await file.write(Buffer.alloc(size)).then(({ bytesWritten }) => bytesWritten, (error) => {
        assert.equal(error.code, 'ENOSPC');
        return 0;
      });
      if (written < size) size = Math.floor(size / 2);
    }
  } finally {
    await file.close();
  }
}

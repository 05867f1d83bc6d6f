// The processor time of single threads of a process, as the scheduler counts it.

import { readFile, readdir } from 'node:fs/promises';

/** Nanoseconds that the threads whose name begins with `prefix` have run so far. */
export async function threadTime(pid, prefix) {
  const tasks = `/proc/${pid}/task`;
  let total = 0;
  for (const id of await readdir(tasks)) {
    const name = await readFile(`${tasks}/${id}/comm`, 'utf8');
    if (name.startsWith(prefix)) total += Number((await readFile(`${tasks}/${id}/schedstat`, 'utf8')).split(' ')[0]);
  }
  return total;
}

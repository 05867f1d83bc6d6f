// Files of which each line is a JSON value.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** All values of the file, in order; line by line, for it may be larger than the longest string. */
export async function readJsonLines(file) {
  const values = [];
  for await (const line of createInterface({ input: createReadStream(file) })) values.push(JSON.parse(line));
  return values;
}

// Log records that the collector took, and the lines of the log: one for each, and the same in every field.

import { isDeepStrictEqual } from 'node:util';

import { recordOf } from '../log_records.mjs';

const names = {
  one: 'log record and log line: one for each',
  same: 'log record and log line: every field',
};

/** `records` of SpanFile, `lines` parsed. */
export function compareRecords(checks, { records, lines }) {
  checks.expect(...Object.values(names));
  const recordsOf = Map.groupBy(records, ({ spanId }) => spanId);
  for (const line of lines) {
    const own = recordsOf.get(line.span_id) ?? [];
    recordsOf.delete(line.span_id);
    checks.that(names.one, own.length === 1, () => `${own.length} records of ${JSON.stringify(line)}`);
    if (own.length === 0) continue;
    const { at, isRejected, ...record } = own[0];
    const same = () => isDeepStrictEqual(record, recordOf(line));
    checks.that(names.same, same(), () => JSON.stringify({ record, line }));
  }
  for (const [own] of recordsOf.values()) checks.that(names.one, false, () => `no line of ${JSON.stringify(own)}`);
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { formatBytes, formatCompact, formatCount, formatSeconds, formatShare, plural } from './numbers.ts';
import { formatAgo, formatClock, formatDay, formatExact, formatMoment } from './time.ts';

test('counts have their thousands apart', () => {
  assert.equal(formatCount(0), '0');
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatCount(null), '–');
  assert.equal(formatCount(Number.NaN), '–');
});

test('compact figures have three that count, and take the next unit in time', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [0.25, '0.25'],
    [9.994, '9.99'],
    [12.34, '12.3'],
    [999, '999'],
    [999.6, '1k'],
    [1234, '1.23k'],
    [999_949, '1M'],
    [12_345_678, '12.3M'],
    [-1500, '-1.5k'],
  ];
  for (const [value, text] of cases) assert.equal(formatCompact(value), text, String(value));
});

test('shares never hide that there is something, nor that something is missing', () => {
  assert.equal(formatShare(0), '0%');
  assert.equal(formatShare(0.00001), '<0.01%');
  assert.equal(formatShare(0.01234), '1.23%');
  assert.equal(formatShare(0.5), '50%');
  assert.equal(formatShare(0.99999), '>99.99%');
  assert.equal(formatShare(1), '100%');
});

test('durations take the unit that fits', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [0.0000123, '12.3 µs'],
    [0.0009999, '1 ms'],
    [0.45, '450 ms'],
    [0.9996, '1 s'],
    [1.234, '1.23 s'],
    [59.96, '1 min'],
    [75, '1 min 15 s'],
    [3600, '1 h'],
    [90_061, '1 d 1 h'],
  ];
  for (const [value, text] of cases) assert.equal(formatSeconds(value), text, String(value));
  assert.equal(formatSeconds(null), '–');
});

test('bytes are in powers of 1024', () => {
  assert.equal(formatBytes(512), '512 B');
  assert.equal(formatBytes(1536), '1.5 KiB');
  assert.equal(formatBytes(1024 ** 2 - 1), '1 MiB');
});

test('one is not many', () => {
  assert.equal(plural(1, 'call'), '1 call');
  assert.equal(plural(1200, 'try', 'tries'), '1,200 tries');
});

test('moments', () => {
  const date = new Date(2026, 10, 26, 4, 3, 7, 45);
  assert.equal(formatClock(date), '04:03:07');
  assert.equal(formatClock(date, true), '04:03:07.045');
  assert.equal(formatDay(date, date), '26 Nov');
  assert.equal(formatDay(date, new Date(2027, 1, 1)), '26 Nov 2026');
  assert.equal(formatMoment(date, date), '04:03:07');
  assert.equal(formatMoment(date, new Date(2026, 10, 27)), '26 Nov, 04:03:07');
  assert.match(formatExact(date), /^2026-11-26 04:03:07\.045 [+-]\d\d:\d\d$/);
  const later = (seconds: number) => formatAgo(date, new Date(date.getTime() + seconds * 1000));
  assert.equal(later(1), 'just now');
  assert.equal(later(59), '59 s ago');
  assert.equal(later(3599), '59 min ago');
  assert.equal(later(86_399), '23 h ago');
  assert.equal(later(3 * 86_400), '3 d ago');
  assert.equal(later(31 * 86_400), '26 Nov');
});

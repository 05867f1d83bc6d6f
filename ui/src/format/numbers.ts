// Figures as people read them: thousands apart, units that fit, and always as wide as the one before, where possible.

const kMissing = '–';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function upTo(value: number, digits: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}

/** 1234567 -> "1,234,567". */
export function formatCount(value: number | null | undefined): string {
  return isMissing(value) ? kMissing : whole.format(value);
}

/** 1234567 -> "1.23M", for tiles and axes: three figures that count. */
export function formatCompact(value: number | null | undefined): string {
  if (isMissing(value)) return kMissing;
  const size = Math.abs(value);
  // What would round to 1,000 of a unit is 1 of the next.
  for (const [unit, suffix] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (size >= unit * 0.9995) return `${significant(value / unit)}${suffix}`;
  return significant(value);
}

function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return whole.format(value);
  if (size >= 9.995) return upTo(value, 1);
  return upTo(value, 2);
}

/** A share of 1: 0.1234 -> "12.3%". What is not quite nothing never reads as nothing, nor all as all. */
export function formatShare(value: number | null | undefined): string {
  if (isMissing(value)) return kMissing;
  const percent = value * 100;
  if (percent > 0 && percent < 0.01) return '<0.01%';
  if (percent < 100 && percent > 99.99) return '>99.99%';
  return `${upTo(percent, percent < 10 ? 2 : 1)}%`;
}

/** Seconds: 0.0000123 -> "12.3 µs", 0.45 -> "450 ms", 1.234 -> "1.23 s", 75 -> "1 min 15 s". */
export function formatSeconds(seconds: number | null | undefined): string {
  if (isMissing(seconds)) return kMissing;
  const size = Math.abs(seconds);
  if (size === 0) return '0 ms';
  if (size < 0.0009995) return `${significant(seconds * 1e6)} µs`;
  if (size < 0.9995) return `${significant(seconds * 1e3)} ms`;
  if (size < 59.95) return `${significant(seconds)} s`;
  return formatLong(seconds);
}

function formatLong(seconds: number): string {
  const all = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(all / 86_400), 'd'],
    [Math.floor((all % 86_400) / 3600), 'h'],
    [Math.floor((all % 3600) / 60), 'min'],
    [all % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** Bytes in powers of 1024: 1536 -> "1.5 KiB". */
export function formatBytes(bytes: number | null | undefined): string {
  if (isMissing(bytes)) return kMissing;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(value) : significant(value)} ${units[unit]}`;
}

/** A rate per second: below 10 with a decimal that shows slow traffic, 0 as 0. */
export function formatRate(perSecond: number | null | undefined): string {
  return formatCompact(perSecond);
}

/** "1 call", "2 calls", "1,234 calls". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

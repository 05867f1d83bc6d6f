// The numbers behind charts: sums of series that lie on each other, and what a chart says in words.

export type Values = (number | null)[];

/** Each series on top of those after it, so that the first is the highest; what is hidden adds nothing, and where none is, nothing is. */
export function stack(series: Values[], isHidden: (index: number) => boolean): Values[] {
  const stacked: Values[] = new Array<Values>(series.length);
  let below: number[] = (series[0] ?? []).map(() => 0);
  for (let index = series.length - 1; index >= 0; index -= 1) {
    const own = series[index]!;
    if (!isHidden(index)) below = below.map((sum, at) => sum + (own[at] ?? 0));
    stacked[index] = [...below];
  }
  const isKnown = (at: number) => series.some((values) => values[at] !== null);
  return stacked.map((values) => values.map((value, at) => (isKnown(at) ? value : null)));
}

/** Where a value has none beside it: a line would not show it. */
export function lonelyPoints(values: Values): number[] {
  const lonely: number[] = [];
  values.forEach((value, at) => {
    if (value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null) lonely.push(at);
  });
  return lonely;
}

/** The last value that is there. */
export function lastValue(values: Values): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

export function hasValues(series: Values[]): boolean {
  return series.some((values) => values.some((value) => value !== null && value !== 0));
}

/** "openai: between 2 and 7, at last 5." */
export function describe(name: string, values: Values, format: (value: number) => string): string {
  const there = values.filter((value) => value !== null);
  if (there.length === 0) return `${name}: nothing.`;
  const low = there.reduce((a, b) => Math.min(a, b));
  const high = there.reduce((a, b) => Math.max(a, b));
  const last = format(lastValue(values)!);
  if (low === high) return `${name}: ${last} throughout.`;
  return `${name}: between ${format(low)} and ${format(high)}, at last ${last}.`;
}

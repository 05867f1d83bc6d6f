// From the API's figures to what the charts and the table show.

import { leftOverColor, seriesColors } from '../../charts/colors.ts';
import type { Values } from '../../charts/stack.ts';
import type { FigureGroup, Figures, Overview } from '../../api/types.ts';

export type Percentile = 'p50' | 'p95' | 'p99';
type Count = 'calls' | 'errors' | 'inputTokens' | 'outputTokens' | 'blockedToolCalls';
type Duration = 'latency' | 'timeToFirstToken' | 'gateway';

export interface FigureSeries {
  key: string;
  name: string;
  color: string;
  dash?: number[];
  values: Values;
  total: number | null;
}

export interface ShownGroup {
  key: string;
  name: string;
  color: string;
  figures: Figures;
}

/** What a group is called: some keys say that there is none, or that it could not be told apart. */
export function groupName(groupBy: string, group: { key: string; name: string }): string {
  if (group.key === '__overflow__') return 'Not told apart';
  if (group.key === '') return groupBy.startsWith('label:') ? `No ${groupBy.slice('label:'.length)}` : 'None';
  if (group.key === 'unknown') return 'Unknown';
  return group.name;
}

/**
 * The groups that get a colour each: those with the most calls, and the one in which most failed. The colour follows
 * from the key's place among them, so that two groups that overtake each other keep theirs.
 */
export function shownGroups(overview: Overview): ShownGroup[] {
  const largest = overview.groups.slice(0, seriesColors.length);
  const failing = overview.groups.reduce<FigureGroup | undefined>(
    (most, group) => (group.totals.errors > (most?.totals.errors ?? 0) ? group : most),
    undefined,
  );
  if (failing !== undefined && !largest.includes(failing)) largest[largest.length - 1] = failing;
  const keys = largest.map((group) => group.key).sort();
  return largest.map((group) => ({
    key: group.key,
    name: groupName(overview.groupBy, group),
    color: seriesColors[keys.indexOf(group.key)] ?? leftOverColor,
    figures: group,
  }));
}

// What ends is in the figures about this much later.
const kLagSeconds = 2;
const kStepSecondsMin = 30;

type Steps = Pick<Overview, 'times' | 'stepSeconds'>;

/** How many seconds each step has had so far: all of them, but for the last. */
export function stepLengths(overview: Steps, nowSeconds: number): number[] {
  const end = nowSeconds - kLagSeconds;
  return overview.times.map((time) => Math.min(overview.stepSeconds, Math.max(0, end - time)));
}

/** How many of them something is known of: none before the gateway began. */
export function knownLengths(overview: Steps & Pick<Overview, 'knownFrom'>, nowSeconds: number): number[] {
  const from = Date.parse(overview.knownFrom) / 1000;
  return stepLengths(overview, nowSeconds).map((length, at) => Math.max(0, length - Math.max(0, from - overview.times[at]!)));
}

/** Without a last step that is too young to say something: a short one has to be over, a long one half over. */
export function wholeSteps(overview: Overview, nowSeconds: number): Overview {
  const lengths = stepLengths(overview, nowSeconds);
  const enough = Math.min(overview.stepSeconds, Math.max(kStepSecondsMin, overview.stepSeconds / 2));
  const count = lengths.findLastIndex((length) => length >= enough) + 1;
  if (count === overview.times.length || count === 0) return overview;
  const cut = <T extends Figures>(figures: T): T => ({
    ...figures,
    series: cutAll(figures.series, count) as Figures['series'],
  });
  return {
    ...overview,
    times: overview.times.slice(0, count),
    all: cut(overview.all),
    groups: overview.groups.map((group) => cut(group)),
  };
}

function cutAll(value: unknown, count: number): unknown {
  if (Array.isArray(value)) return value.slice(0, count);
  return Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, cutAll(inner, count)]));
}

function perMinute(values: number[], lengths: number[]): Values {
  return values.map((value, at) => (lengths[at] === 0 ? null : (value * 60) / Math.max(lengths[at] ?? 1, 1)));
}

export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** One count per minute, for all or for each group and what is left over. */
export function countSeries(overview: Overview, groups: ShownGroup[], what: Count, lengths: number[], name: string): FigureSeries[] {
  if (groups.length === 0)
    return [
      {
        key: what,
        name,
        color: '--series-1',
        values: perMinute(overview.all.series[what], lengths),
        total: overview.all.totals[what],
      },
    ];
  const series = groups.map((group) => ({
    key: group.key,
    name: group.name,
    color: group.color,
    values: perMinute(group.figures.series[what], lengths),
    total: group.figures.totals[what],
  }));
  const hasMore = overview.groups.length > groups.length || overview.foldedGroups > 0;
  if (!hasMore) return series;
  const rest = overview.all.series[what].map((all, at) =>
    Math.max(0, groups.reduce((left, group) => left - (group.figures.series[what][at] ?? 0), all)),
  );
  const total = groups.reduce((left, group) => left - group.figures.totals[what], overview.all.totals[what]);
  return [
    ...series,
    { key: 'rest', name: 'Others', color: leftOverColor, values: perMinute(rest, lengths), total: Math.max(0, total) },
  ];
}

/** Calls that failed on top of those that did not. */
export function callsByResult(overview: Overview, lengths: number[]): FigureSeries[] {
  const { series, totals } = overview.all;
  return [
    { key: 'errors', name: 'Failed', color: '--bad', values: perMinute(series.errors, lengths), total: totals.errors },
    {
      key: 'fine',
      name: 'Succeeded',
      color: '--series-1',
      values: perMinute(
        series.calls.map((calls, at) => calls - (series.errors[at] ?? 0)),
        lengths,
      ),
      total: totals.calls - totals.errors,
    },
  ];
}

function shares(figures: Figures): Values {
  return figures.series.errors.map((errors, at) => share(errors, figures.series.calls[at] ?? 0));
}

export function errorShareSeries(overview: Overview, groups: ShownGroup[]): FigureSeries[] {
  const one = (key: string, name: string, color: string, figures: Figures): FigureSeries => ({
    key,
    name,
    color,
    values: shares(figures),
    total: share(figures.totals.errors, figures.totals.calls),
  });
  if (groups.length === 0) return [one('errors', 'All calls', '--bad', overview.all)];
  return groups.map((group) => one(group.key, group.name, group.color, group.figures));
}

const percentiles: { key: Percentile; color: string; dash?: number[] }[] = [
  { key: 'p50', color: '--series-1' },
  { key: 'p95', color: '--series-2', dash: [6, 3] },
  { key: 'p99', color: '--series-4', dash: [2, 3] },
];

/** All three percentiles of all calls, or one of each group. */
export function durationSeries(overview: Overview, groups: ShownGroup[], what: Duration, percentile: Percentile): FigureSeries[] {
  if (groups.length === 0)
    return percentiles.map(({ key, ...look }) => ({
      key,
      name: key,
      ...look,
      values: overview.all.series[what][key],
      total: overview.all.totals[what][key],
    }));
  return groups.map((group) => ({
    key: group.key,
    name: group.name,
    color: group.color,
    values: group.figures.series[what][percentile],
    total: group.figures.totals[what][percentile],
  }));
}

/** The filter that a group stands for. */
export function groupFilter(groupBy: string, group: Pick<FigureGroup, 'key'>): Record<string, string> | null {
  if (group.key === '' || group.key === '__overflow__') return null;
  if (groupBy === 'provider') return { provider: group.key };
  if (groupBy === 'model') return { model: group.key };
  if (groupBy === 'agent') return { agentId: group.key };
  if (groupBy.startsWith('label:')) return { label: `${groupBy.slice('label:'.length)}:${group.key}` };
  return null;
}

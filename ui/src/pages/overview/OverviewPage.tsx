import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { api } from '@/api/client.ts';
import type { Overview } from '@/api/types.ts';
import { TimeChart } from '@/charts/TimeChart.tsx';
import { Card } from '@/components/Card.tsx';
import { FilterChip, Toolbar } from '@/components/FilterChip.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Segmented } from '@/components/Segmented.tsx';
import { Select, type Option } from '@/components/Select.tsx';
import { ErrorState } from '@/components/states.tsx';
import { formatCompact, formatCount, formatSeconds, formatShare } from '@/format/numbers.ts';
import { useUrlFilters } from '@/lib/url_state.ts';
import {
  callsByResult,
  countSeries,
  durationSeries,
  errorShareSeries,
  knownLengths,
  share,
  shownGroups,
  wholeSteps,
  type Percentile,
} from './figures.ts';
import { GroupTable } from './GroupTable.tsx';
import { LiveState, LiveStrip } from './LiveStrip.tsx';
import styles from './OverviewPage.module.css';

const FirstStart = lazy(() => import('./FirstStart.tsx'));

const kDefaults = { minutes: '15', groupBy: 'none', percentile: 'p95', provider: '', model: '', agentId: '', label: '' };

const ranges = [
  { value: '15', label: '15 min' },
  { value: '60', label: '1 h' },
  { value: '360', label: '6 h' },
  { value: '1440', label: '24 h' },
] as const;

function useOverview(filters: typeof kDefaults, groupBy: string) {
  const { minutes, provider, model, agentId, label } = filters;
  const query = { minutes: Number(minutes) as 15 | 60 | 360 | 1440, groupBy, provider, model, agentId, label };
  return useQuery({
    queryKey: ['overview', query],
    queryFn: ({ signal }) => api.get('/api/statistics/overview', { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => Math.min(Math.max((state.data?.stepSeconds ?? 20) / 2, 10), 60) * 1000,
  });
}

export default function OverviewPage() {
  const { filters, change, isFiltered } = useUrlFilters(kDefaults);
  const isGrouped = filters.groupBy !== 'none';
  const overview = useOverview(filters, filters.groupBy);
  // The table has something to say without grouping, too.
  const table = useOverview(filters, isGrouped ? filters.groupBy : 'model');
  const dimensions = useQuery({
    queryKey: ['dimensions'],
    queryFn: ({ signal }) => api.get('/api/statistics/dimensions', { signal }),
    refetchInterval: 30_000,
  });
  const isFirstStart = dimensions.data?.providers.length === 0 && !isFiltered && overview.data?.all.totals.calls === 0;
  const colors = useMemo(
    () =>
      new Map(isGrouped && overview.data ? shownGroups(overview.data).map((group) => [group.key, group.color]) : []),
    [isGrouped, overview.data],
  );

  return (
    <>
      <PageHeader
        title="Overview"
        actions={
          <>
            <LiveState />
            <Segmented
              label="Time range"
              value={filters.minutes}
              onChange={(minutes) => change({ minutes })}
              options={[...ranges]}
            />
          </>
        }
      />
      <LiveStrip />
      {isFirstStart ? (
        <Suspense fallback={<div className={styles['firstStart']} />}>
          <FirstStart />
        </Suspense>
      ) : (
        <>
          <Filters filters={filters} change={change} dimensions={dimensions.data} />
          {overview.isError && overview.data === undefined ? (
            <Card>
              <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />
            </Card>
          ) : (
            <>
              <Charts
                overview={overview.data}
                percentile={filters.percentile as Percentile}
                isGrouped={isGrouped}
                isStale={overview.isPlaceholderData}
              />
              {table.isError && table.data === undefined ? (
                <Card>
                  <ErrorState error={table.error} onRetry={() => void table.refetch()} />
                </Card>
              ) : (
                <GroupTable overview={table.data} colors={colors} isLoading={table.isPending} />
              )}
            </>
          )}
        </>
      )}
    </>
  );
}

function Filters({
  filters,
  change,
  dimensions,
}: {
  filters: typeof kDefaults;
  change: (changes: Partial<typeof kDefaults>) => void;
  dimensions: { providers: string[]; models: string[]; labelKeys: string[] } | undefined;
}) {
  const agent = useQuery({
    queryKey: ['agent', filters.agentId],
    queryFn: ({ signal }) => api.get('/api/agents/{id}', { path: { id: filters.agentId }, signal }),
    enabled: /^[0-9a-f-]{36}$/.test(filters.agentId),
  });
  const [labelKey, ...labelValue] = filters.label.split(':');
  return (
    <Toolbar label="Filters">
      <Select
        label="Group by"
        prefix="Group by"
        prefixWidth="3.5rem"
        value={filters.groupBy}
        onChange={(groupBy) => change({ groupBy })}
        options={groupOptions(dimensions?.labelKeys ?? [], filters.groupBy)}
      />
      {filters.groupBy !== 'none' && (
        <Segmented
          label="Percentile of durations"
          value={filters.percentile as Percentile}
          onChange={(percentile) => change({ percentile })}
          options={[
            { value: 'p50', label: 'p50' },
            { value: 'p95', label: 'p95' },
            { value: 'p99', label: 'p99' },
          ]}
        />
      )}
      <Select
        label="Provider"
        value={filters.provider}
        onChange={(provider) => change({ provider })}
        options={choices('All providers', dimensions?.providers ?? [], filters.provider)}
      />
      <Select
        label="Model"
        value={filters.model}
        onChange={(model) => change({ model })}
        options={choices('All models', dimensions?.models ?? [], filters.model)}
      />
      {filters.agentId !== '' && (
        <FilterChip
          name="Agent"
          value={agent.data?.name ?? filters.agentId}
          onRemove={() => change({ agentId: '' })}
        />
      )}
      {filters.label !== '' && (
        <FilterChip name={labelKey ?? ''} value={labelValue.join(':')} onRemove={() => change({ label: '' })} />
      )}
    </Toolbar>
  );
}

/** "All" and what there is; a value of the URL stays a choice even where nothing has it any more. */
function choices(all: string, values: string[], chosen: string): Option[] {
  const known = chosen === '' || values.includes(chosen) ? values : [...values, chosen];
  return [{ value: '', label: all }, ...known.map((value) => ({ value, label: value }))];
}

function groupOptions(labelKeys: string[], chosen: string): Option[] {
  const chosenKey = chosen.startsWith('label:') ? [chosen.slice('label:'.length)] : [];
  const keys = [...new Set([...labelKeys, ...chosenKey])];
  return [
    { value: 'none', label: 'nothing' },
    { value: 'provider', label: 'provider' },
    { value: 'model', label: 'model' },
    { value: 'agent', label: 'agent' },
    ...keys.map((key) => ({ value: `label:${key}`, label: key, group: 'Label' })),
  ];
}

function Charts({
  overview,
  percentile,
  isGrouped,
  isStale,
}: {
  overview: Overview | undefined;
  percentile: Percentile;
  isGrouped: boolean;
  isStale: boolean;
}) {
  const charts = useMemo(() => (overview === undefined ? [] : chartsOf(overview, percentile)), [overview, percentile]);
  return (
    <div className={styles['charts']}>
      {charts.length === 0
        ? Array.from({ length: 8 }, (_, index) => <div key={index} className={styles['chartSkeleton']} data-grouped={isGrouped} />)
        : charts.map((chart) => <TimeChart key={chart.title} {...chart} isStale={isStale} />)}
    </div>
  );
}

function chartsOf(given: Overview, percentile: Percentile) {
  const now = Date.now() / 1000;
  const overview = wholeSteps(given, now);
  const lengths = knownLengths(overview, now);
  const groups = shownGroups(overview);
  const { totals } = overview.all;
  const times = overview.times;
  const isGrouped = groups.length > 0;
  const counted = { times, isStacked: true, unit: 'per minute', format: formatCompact, formatTotal: formatCompact };
  const durations = { times, format: formatSeconds, unit: isGrouped ? percentile : undefined };
  const all = (value: string) => (isGrouped ? value : undefined);
  return [
    {
      ...counted,
      title: 'Calls',
      headline: formatCount(totals.calls),
      series: isGrouped ? countSeries(overview, groups, 'calls', lengths, '') : callsByResult(overview, lengths),
      emptyText: 'No calls in this time',
    },
    {
      title: 'Failed calls',
      unit: 'share',
      times,
      format: formatShare,
      headline: all(formatShare(share(totals.errors, totals.calls))),
      series: errorShareSeries(overview, groups),
      emptyText: totals.calls === 0 ? 'No calls in this time' : totals.errors === 0 ? 'None failed' : 'None of these failed',
    },
    {
      ...durations,
      title: 'Latency',
      headline: all(formatSeconds(totals.latency[percentile])),
      series: durationSeries(overview, groups, 'latency', percentile),
      emptyText: 'No call reached a provider in this time',
    },
    {
      ...durations,
      title: 'Time to first token',
      headline: all(formatSeconds(totals.timeToFirstToken[percentile])),
      series: durationSeries(overview, groups, 'timeToFirstToken', percentile),
      emptyText: 'No streams in this time',
    },
    {
      ...counted,
      title: 'Input tokens',
      headline: all(formatCompact(totals.inputTokens)),
      series: countSeries(overview, groups, 'inputTokens', lengths, 'Input'),
      emptyText: 'No provider reported tokens in this time',
    },
    {
      ...counted,
      title: 'Output tokens',
      headline: all(formatCompact(totals.outputTokens)),
      series: countSeries(overview, groups, 'outputTokens', lengths, 'Output'),
      emptyText: 'No provider reported tokens in this time',
    },
    {
      ...durations,
      title: 'Time in the gateway',
      headline: all(formatSeconds(totals.gateway[percentile])),
      series: durationSeries(overview, groups, 'gateway', percentile),
      emptyText: 'No calls in this time',
    },
    {
      ...counted,
      title: 'Blocked tool calls',
      headline: all(formatCount(totals.blockedToolCalls)),
      series: countSeries(overview, groups, 'blockedToolCalls', lengths, 'By policies'),
      emptyText: 'No policy blocked a tool call in this time',
    },
  ];
}

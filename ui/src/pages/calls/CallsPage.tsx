import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { ListTree } from 'lucide-react';
import { useMemo, useRef, useState, type FormEvent } from 'react';
import { Link } from 'wouter';
import { api } from '@/api/client.ts';
import type { Call, RecentCalls } from '@/api/types.ts';
import { Badge } from '@/components/Badge.tsx';
import { Button } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { DataTable, rowLinkClass, type Column } from '@/components/DataTable.tsx';
import { Input, Switch } from '@/components/Field.tsx';
import { FilterChip, Toolbar } from '@/components/FilterChip.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Select } from '@/components/Select.tsx';
import { EmptyState, ErrorState } from '@/components/states.tsx';
import { formatCompact, formatCount, formatSeconds, plural } from '@/format/numbers.ts';
import { outcomeNames, outcomeWords } from '@/format/outcomes.ts';
import { formatExact, formatMoment } from '@/format/time.ts';
import { useUrlFilters } from '@/lib/url_state.ts';
import styles from './CallsPage.module.css';
import { callsQuery, kFilters, withNewest, type Filters, type Pages } from './recent_calls.ts';

const kPageSize = 50;
const kFollowMs = 2000;

function useCalls(filters: Filters) {
  const queryClient = useQueryClient();
  const query = callsQuery(filters);
  const queryKey = ['calls', query];
  const fetchPage = (before: string | undefined, signal: AbortSignal) =>
    api.get('/api/recent-calls', { query: { ...query, limit: kPageSize, before }, signal });
  const calls = useInfiniteQuery<RecentCalls, Error, Pages, unknown[], string | undefined>({
    queryKey,
    initialPageParam: undefined,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    getNextPageParam: (page) => page.pagination.next ?? undefined,
    // Pages that were loaded stay as they are, until somebody asks for new ones.
    refetchOnWindowFocus: false,
    refetchOnMount: false,
  });
  useQuery({
    queryKey: ['calls-newest', query],
    enabled: filters.follow === '1' && calls.data !== undefined,
    refetchInterval: kFollowMs,
    queryFn: async ({ signal }) => {
      const newest = await fetchPage(undefined, signal);
      queryClient.setQueryData<Pages>(queryKey, (pages) => withNewest(pages, newest));
      return newest.data[0]?.id ?? null;
    },
  });
  const refresh = () => queryClient.resetQueries({ queryKey });
  return { calls, refresh };
}

export default function CallsPage() {
  const { filters, change, isFiltered } = useUrlFilters(kFilters);
  const { calls, refresh } = useCalls(filters);
  const rows = useMemo(() => calls.data?.pages.flatMap((page) => page.data) ?? [], [calls.data]);
  const newest = calls.data?.pages[0];
  const isFollowing = filters.follow === '1';
  const followedSince = useRef(new Date().toISOString());
  const hasFilters = isFiltered && Object.keys(callsQuery(filters)).length > 0;
  const clear = () => change({ ...kFilters, follow: filters.follow });

  return (
    <>
      <PageHeader
        title="Calls"
        description={
          newest === undefined || newest.held === 0
            ? 'The last calls, kept in memory.'
            : `The last ${plural(newest.held, 'call')}, kept in memory${
                newest.oldestAt === null ? '' : `, since ${formatMoment(new Date(newest.oldestAt))}`
              }.`
        }
        actions={
          <>
            <Switch
              label="Follow"
              checked={isFollowing}
              onChange={(on) => {
                followedSince.current = new Date().toISOString();
                change({ follow: on ? '1' : '' }, { replace: true });
              }}
            />
            <Button onClick={() => void refresh()} isBusy={calls.isRefetching && !isFollowing} disabled={isFollowing}>
              Refresh
            </Button>
          </>
        }
      />
      <CallFilters filters={filters} change={change} />
      <Card flush>
        {calls.isError && calls.data === undefined ? (
          <ErrorState error={calls.error} onRetry={() => void refresh()} />
        ) : (
          <DataTable
            caption="Recent calls, newest first"
            columns={columns}
            rows={rows}
            rowKey={(call) => call.id}
            isLoading={calls.isPending}
            loadingRows={14}
            rowTone={(call) => (isFollowing && call.startedAt > followedSince.current ? 'new' : undefined)}
            empty={
              hasFilters ? (
                <EmptyState
                  icon={<ListTree aria-hidden="true" />}
                  title="No call fits these filters"
                  action={<Button onClick={clear}>Remove all filters</Button>}
                >
                  Calls that are older than the last {formatCount(newest?.capacity ?? null)} are no longer here; a
                  tracing backend has them.
                </EmptyState>
              ) : (
                <EmptyState icon={<ListTree aria-hidden="true" />} title="No calls since the gateway started">
                  Point an SDK at it: the <Link href="/">overview</Link> says how.
                </EmptyState>
              )
            }
          />
        )}
      </Card>
      {rows.length > 0 && (
        <div className={styles['more']}>
          {calls.hasNextPage ? (
            <Button onClick={() => void calls.fetchNextPage()} isBusy={calls.isFetchingNextPage}>
              Load more
            </Button>
          ) : (
            <span className="muted">That is all: {plural(rows.length, 'call')}.</span>
          )}
        </div>
      )}
    </>
  );
}

const columns: Column<Call>[] = [
  {
    id: 'startedAt',
    header: 'Started',
    width: '8rem',
    cell: (call) => {
      const date = new Date(call.startedAt);
      return (
        <Link href={`/calls/${call.id}`} className={`${rowLinkClass} ${styles['time']}`} title={formatExact(date)}>
          {formatMoment(date)}
        </Link>
      );
    },
  },
  {
    id: 'model',
    header: 'Model',
    cell: (call) => (
      <span className={styles['model']}>
        <span className="truncate" title={call.model ?? undefined}>
          {call.model ?? <span className="muted">none</span>}
        </span>
        <span className={`${styles['provider']} truncate`}>{call.provider}</span>
      </span>
    ),
  },
  {
    id: 'agent',
    header: 'Agent',
    wideOnly: true,
    cell: (call) => (
      <span className={`${styles['agent']} truncate`}>{call.agent?.name ?? <span className="muted">unknown</span>}</span>
    ),
  },
  {
    id: 'outcome',
    header: 'Outcome',
    cell: (call) => <CallOutcome call={call} />,
  },
  {
    id: 'duration',
    header: 'Duration',
    numeric: true,
    cell: (call) => formatSeconds(call.duration),
  },
  {
    id: 'ttft',
    header: 'First token',
    numeric: true,
    wideOnly: true,
    cell: (call) => formatSeconds(call.timeToFirstToken),
  },
  {
    id: 'input',
    header: 'Tokens in',
    numeric: true,
    wideOnly: true,
    cell: (call) => (call.usageProvenance === 'unknown' ? '–' : formatCompact(call.inputTokens)),
  },
  {
    id: 'output',
    header: 'Tokens out',
    numeric: true,
    wideOnly: true,
    cell: (call) => (call.usageProvenance === 'unknown' ? '–' : formatCompact(call.outputTokens)),
  },
  {
    id: 'tools',
    header: 'Tool calls',
    numeric: true,
    wideOnly: true,
    cell: (call) =>
      call.blockedToolCalls > 0 ? (
        <Badge tone="warn">{formatCount(call.blockedToolCalls)} blocked</Badge>
      ) : call.toolCalls > 0 ? (
        formatCount(call.toolCalls)
      ) : (
        '–'
      ),
  },
];

function CallOutcome({ call }: { call: Call }) {
  const words = outcomeWords(call.outcome);
  return (
    <span className={styles['outcome']}>
      {/* What is as it should be stays in the background. */}
      {call.outcome === 'completed' ? (
        <span className={styles['completed']}>{words.name}</span>
      ) : (
        <Badge tone={words.tone} dot>
          {words.name}
        </Badge>
      )}
      {call.outcome !== 'completed' && <span className={styles['aside']}>{call.statusCode}</span>}
      {call.tries > 1 && <span className={styles['aside']}>{call.tries} tries</span>}
    </span>
  );
}

type Change = (changes: Partial<Filters>, options?: { replace?: boolean }) => void;

const typedFilters = {
  traceId: 'Trace id',
  session: 'Session',
  user: 'User',
  run: 'Run',
  label: 'Label',
} as const;

function CallFilters({ filters, change }: { filters: Filters; change: Change }) {
  const dimensions = useQuery({
    queryKey: ['dimensions'],
    queryFn: ({ signal }) => api.get('/api/statistics/dimensions', { signal }),
  });
  const agent = useQuery({
    queryKey: ['agent', filters.agentId],
    queryFn: ({ signal }) => api.get('/api/agents/{id}', { path: { id: filters.agentId }, signal }),
    enabled: /^[0-9a-f-]{36}$/.test(filters.agentId),
  });
  return (
    <Toolbar label="Filters">
      <Select
        label="Outcome"
        value={filters.outcome}
        onChange={(outcome) => change({ outcome })}
        options={[
          { value: '', label: 'All outcomes' },
          ...outcomeNames.map((value) => ({ value, label: outcomeWords(value).name })),
        ]}
      />
      <Select
        label="Provider"
        value={filters.provider}
        onChange={(provider) => change({ provider })}
        options={choices('All providers', dimensions.data?.providers, filters.provider)}
      />
      <Select
        label="Model"
        value={filters.model}
        onChange={(model) => change({ model })}
        options={choices('All models', dimensions.data?.models, filters.model)}
      />
      <Select
        label="Duration"
        value={filters.minDuration}
        onChange={(minDuration) => change({ minDuration })}
        options={[
          { value: '', label: 'Any duration' },
          ...[...new Set(['1', '5', '30', '120', ...(filters.minDuration === '' ? [] : [filters.minDuration])])].map(
            (value) => ({ value, label: `${formatSeconds(Number(value))} and more` }),
          ),
        ]}
      />
      <Select
        label="Streams"
        value={filters.stream}
        onChange={(stream) => change({ stream })}
        options={[
          { value: '', label: 'Streamed or not' },
          { value: 'true', label: 'Streamed' },
          { value: 'false', label: 'Not streamed' },
        ]}
      />
      <Select
        label="Tool calls"
        value={filters.blocked}
        onChange={(blocked) => change({ blocked })}
        options={[
          { value: '', label: 'Blocked or not' },
          { value: 'true', label: 'Blocked tool calls' },
        ]}
      />
      <TypedFilter change={change} />
      {filters.agentId !== '' && (
        <FilterChip
          name="Agent"
          value={agent.data?.name ?? filters.agentId}
          onRemove={() => change({ agentId: '' })}
        />
      )}
      {(Object.keys(typedFilters) as (keyof typeof typedFilters)[])
        .filter((name) => filters[name] !== '')
        .map((name) => (
          <FilterChip
            key={name}
            name={typedFilters[name]}
            value={filters[name]}
            onRemove={() => change({ [name]: '' })}
          />
        ))}
    </Toolbar>
  );
}

function choices(all: string, values: string[] = [], chosen: string) {
  const known = chosen === '' || values.includes(chosen) ? values : [...values, chosen];
  return [{ value: '', label: all }, ...known.map((value) => ({ value, label: value }))];
}

/** A filter whose value is typed or pasted: which, and what. */
function TypedFilter({ change }: { change: Change }) {
  const [name, setName] = useState<keyof typeof typedFilters>('traceId');
  const [value, setValue] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (value.trim() === '') return;
    change({ [name]: value.trim() });
    setValue('');
  };
  return (
    <form className={styles['typed']} onSubmit={submit}>
      <Select
        label="Filter by"
        value={name}
        onChange={(next) => setName(next as keyof typeof typedFilters)}
        options={Object.entries(typedFilters).map(([key, label]) => ({ value: key, label }))}
      />
      <Input
        aria-label={`${typedFilters[name]} to filter by`}
        placeholder={name === 'label' ? 'key:value' : 'is…'}
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
    </form>
  );
}

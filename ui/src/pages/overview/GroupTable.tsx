import { ListTree } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useSearch } from 'wouter';
import type { Overview } from '@/api/types.ts';
import { ButtonLink } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { DataTable, rowLinkClass, type Column } from '@/components/DataTable.tsx';
import { EmptyState } from '@/components/states.tsx';
import { formatCompact, formatCount, formatSeconds, formatShare, plural } from '@/format/numbers.ts';
import { Swatch } from '@/charts/TimeChart.tsx';
import { groupFilter, groupName, share } from './figures.ts';
import styles from './OverviewPage.module.css';

type Row = Overview['groups'][number] & { color: string | undefined };

export function groupTitle(groupBy: string): string {
  if (groupBy.startsWith('label:')) return groupBy.slice('label:'.length);
  return { provider: 'Providers', model: 'Models', agent: 'Agents' }[groupBy] ?? groupBy;
}

/** All groups with their totals; a row leads to the same page for that group alone. */
export function GroupTable({
  overview,
  colors,
  isLoading,
}: {
  overview: Overview | undefined;
  /** Of the groups that have one in the charts. */
  colors: ReadonlyMap<string, string>;
  isLoading: boolean;
}) {
  const search = useSearch();
  const groupBy = overview?.groupBy ?? 'model';
  const rows = useMemo<Row[]>(
    () => (overview?.groups ?? []).map((group) => ({ ...group, color: colors.get(group.key) })),
    [overview, colors],
  );
  const columns = useMemo<Column<Row>[]>(() => columnsOf(groupBy, search), [groupBy, search]);
  const folded = overview?.foldedGroups ?? 0;
  return (
    <Card
      title={groupTitle(groupBy)}
      hint={folded > 0 ? `the ${rows.length} with the most calls; ${plural(folded, 'more', 'more')} not shown` : undefined}
      flush
    >
      <DataTable
        caption={`${groupTitle(groupBy)} with their totals`}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.key}
        initialSort={{ id: 'calls', desc: true }}
        isLoading={isLoading}
        loadingRows={5}
        empty={<EmptyState title="No calls in this time">Choose a longer one, or remove filters.</EmptyState>}
      />
    </Card>
  );
}

function columnsOf(groupBy: string, search: string): Column<Row>[] {
  const link = (row: Row): string | null => {
    const filter = groupFilter(groupBy, row);
    if (filter === null) return null;
    const query = new URLSearchParams(search);
    for (const [name, value] of Object.entries(filter)) query.set(name, value);
    query.delete('groupBy');
    return `/?${query}`;
  };
  const callsLink = (row: Row): string | null => {
    const filter = groupFilter(groupBy, row);
    if (filter === null) return null;
    const query = new URLSearchParams(search);
    const kept = new URLSearchParams(filter);
    for (const name of ['provider', 'model', 'agentId', 'label'])
      if (query.has(name) && !kept.has(name)) kept.set(name, query.get(name)!);
    return `/calls?${kept}`;
  };
  return [
    {
      id: 'name',
      header: 'Name',
      sortBy: (row) => groupName(groupBy, row),
      cell: (row) => {
        const href = link(row);
        const name = groupName(groupBy, row);
        return (
          <span className={styles['groupName']}>
            {row.color ? <Swatch color={row.color} /> : null}
            {href === null ? (
              <span className="truncate">{name}</span>
            ) : (
              <Link href={href} className={`${rowLinkClass} truncate`}>
                {name}
              </Link>
            )}
          </span>
        );
      },
    },
    {
      id: 'calls',
      header: 'Calls',
      numeric: true,
      sortBy: (row) => row.totals.calls,
      cell: (row) => formatCount(row.totals.calls),
    },
    {
      id: 'errors',
      header: 'Failed',
      numeric: true,
      sortBy: (row) => share(row.totals.errors, row.totals.calls),
      cell: (row) => (
        <span className={row.totals.errors > 0 ? undefined : 'muted'}>
          {formatShare(share(row.totals.errors, row.totals.calls))}
        </span>
      ),
    },
    {
      id: 'input',
      header: 'Tokens in',
      numeric: true,
      wideOnly: true,
      sortBy: (row) => row.totals.inputTokens,
      cell: (row) => formatCompact(row.totals.inputTokens),
    },
    {
      id: 'output',
      header: 'Tokens out',
      numeric: true,
      wideOnly: true,
      sortBy: (row) => row.totals.outputTokens,
      cell: (row) => formatCompact(row.totals.outputTokens),
    },
    {
      id: 'p50',
      header: 'Latency p50',
      numeric: true,
      wideOnly: true,
      sortBy: (row) => row.totals.latency.p50,
      cell: (row) => formatSeconds(row.totals.latency.p50),
    },
    {
      id: 'p95',
      header: 'p95',
      numeric: true,
      sortBy: (row) => row.totals.latency.p95,
      cell: (row) => formatSeconds(row.totals.latency.p95),
    },
    {
      id: 'ttft',
      header: 'First token p95',
      numeric: true,
      wideOnly: true,
      sortBy: (row) => row.totals.timeToFirstToken.p95,
      cell: (row) => formatSeconds(row.totals.timeToFirstToken.p95),
    },
    {
      id: 'gateway',
      header: 'Gateway p95',
      numeric: true,
      wideOnly: true,
      sortBy: (row) => row.totals.gateway.p95,
      cell: (row) => formatSeconds(row.totals.gateway.p95),
    },
    {
      id: 'blocked',
      header: 'Blocked',
      numeric: true,
      wideOnly: true,
      sortBy: (row) => row.totals.blockedToolCalls,
      cell: (row) => formatCount(row.totals.blockedToolCalls),
    },
    {
      id: 'open',
      header: <span className="visually-hidden">Recent calls</span>,
      numeric: true,
      width: '5.5rem',
      wideOnly: true,
      cell: (row) => {
        const href = callsLink(row);
        return href === null ? null : (
          <span className={styles['aboveRowLink']}>
            <ButtonLink href={href} kind="quiet" small icon={<ListTree aria-hidden="true" />}>
              Calls
            </ButtonLink>
          </span>
        );
      },
    },
  ];
}

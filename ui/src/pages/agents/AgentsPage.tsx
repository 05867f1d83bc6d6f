import { Bot, Plug, Plus } from 'lucide-react';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { Badge, LabelChip } from '@/components/Badge.tsx';
import { ButtonLink, Button, IconButton } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { DataTable, rowLinkClass, type Column } from '@/components/DataTable.tsx';
import { SearchInput } from '@/components/Field.tsx';
import { Toolbar } from '@/components/FilterChip.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Pager } from '@/components/Pager.tsx';
import { EmptyState, ErrorState, Skeleton } from '@/components/states.tsx';
import { formatCompact, formatCount, formatShare } from '@/format/numbers.ts';
import { formatAgo, formatExact } from '@/format/time.ts';
import { useUrlFilters } from '@/lib/url_state.ts';
import { matches, sorted, toRows, type AgentRow, type SortId } from './agent_list.ts';
import { kStatisticsMinutes, useAgents, useAgentStatistics } from './agents_data.ts';
import styles from './AgentsPage.module.css';
import { Course } from './Course.tsx';
import { ConnectDialog } from './connect/ConnectDialog.tsx';

const kDefaults = { q: '', sort: 'name', page: '1', connect: '', client: '' };
const kPageSize = 50;
const kChips = 3;

export default function AgentsPage() {
  const { filters, change } = useUrlFilters(kDefaults);
  const agents = useAgents();
  const statistics = useAgentStatistics();
  const sort = readSort(filters.sort);

  const rows = useMemo(() => {
    const found = (agents.data ?? []).filter((agent) => matches(agent, filters.q));
    return sorted(toRows(found, statistics.data), sort.id as SortId, sort.desc);
  }, [agents.data, statistics.data, filters.q, sort.id, sort.desc]);
  const page = Math.min(Math.max(1, Number(filters.page) || 1), Math.max(1, Math.ceil(rows.length / kPageSize)));
  const offset = (page - 1) * kPageSize;
  const shown = useMemo(() => rows.slice(offset, offset + kPageSize), [rows, offset]);

  const search = (q: string) => change({ q, page: '1' }, { replace: true });
  // What is not known is a gap, what is known to be nothing a 0.
  const areFiguresKnown = statistics.data !== undefined;
  const columns = useMemo<Column<AgentRow>[]>(
    () => [
      {
        id: 'name',
        header: 'Name',
        sortable: true,
        cell: ({ agent }) => (
          <span className={styles['name']}>
            <Link href={`/agents/${agent.id}`} className={rowLinkClass} title={agent.name}>
              <bdi>{agent.name}</bdi>
            </Link>
            {agent.isDefault && <Badge>default</Badge>}
          </span>
        ),
      },
      {
        id: 'labels',
        header: 'Labels',
        width: '32%',
        wideOnly: true,
        cell: ({ agent }) => <Labels agent={agent} onChoose={search} />,
      },
      {
        id: 'course',
        header: 'Last hour',
        width: '128px',
        wideOnly: true,
        cell: ({ traffic }) => areFiguresKnown && <Course calls={traffic?.calls} />,
      },
      {
        id: 'calls',
        header: 'Calls',
        sortable: true,
        numeric: true,
        width: '5.5rem',
        cell: ({ traffic }) =>
          areFiguresKnown ? <Figure value={traffic?.totals.calls ?? 0} /> : statistics.isError ? '–' : <Skeleton width="2rem" />,
      },
      {
        id: 'errors',
        header: 'Errors',
        sortable: true,
        numeric: true,
        width: '5.5rem',
        wideOnly: true,
        cell: ({ traffic }) => <Errors traffic={traffic} />,
      },
      {
        id: 'tokens',
        header: 'Tokens',
        sortable: true,
        numeric: true,
        width: '6rem',
        wideOnly: true,
        cell: ({ traffic }) =>
          traffic &&
          traffic.totals.calls > 0 && (
            <span
              title={`${formatCount(traffic.totals.inputTokens)} in, ${formatCount(traffic.totals.outputTokens)} out`}
            >
              {formatCompact(traffic.totals.inputTokens + traffic.totals.outputTokens)}
            </span>
          ),
      },
      {
        id: 'updated',
        header: 'Changed',
        sortable: true,
        numeric: true,
        width: '7rem',
        wideOnly: true,
        cell: ({ agent }) => {
          const at = new Date(agent.updatedAt);
          return (
            <time dateTime={agent.updatedAt} title={formatExact(at)} className="muted">
              {formatAgo(at)}
            </time>
          );
        },
      },
      {
        id: 'actions',
        header: <span className="visually-hidden">Actions</span>,
        width: '3.25rem',
        cell: ({ agent }) => (
          <span className={styles['action']}>
            <IconButton
              small
              label={`Connect ${agent.name}`}
              icon={<Plug aria-hidden="true" />}
              onClick={() => change({ connect: agent.id })}
            />
          </span>
        ),
      },
    ],
    [areFiguresKnown, statistics.isError, change],
  );

  const connected = agents.data?.find((agent) => agent.id === filters.connect);
  const isOnlyDefault = agents.data?.length === 1 && agents.data[0]?.isDefault === true;
  return (
    <>
      <PageHeader
        title="Agents"
        description="Who calls models, each with a base URL and labels of its own. Figures are of the last hour."
        actions={
          <ButtonLink href="/agents/new" kind="primary" icon={<Plus aria-hidden="true" />}>
            New agent
          </ButtonLink>
        }
      />
      <Toolbar label="Filters">
        <SearchInput value={filters.q} onChange={search} label="Search names and labels" />
      </Toolbar>
      <Card flush>
        {agents.isError ? (
          <ErrorState error={agents.error} onRetry={() => void agents.refetch()} />
        ) : (
          <>
            <DataTable
              caption={`Agents with their traffic of the last ${kStatisticsMinutes} minutes`}
              columns={columns}
              rows={shown}
              rowKey={(row) => row.agent.id}
              sort={sort}
              onSort={(next) => change({ sort: next.desc ? `-${next.id}` : next.id, page: '1' }, { replace: true })}
              isLoading={agents.isPending}
              loadingRows={12}
              empty={
                <EmptyState
                  icon={<Bot aria-hidden="true" />}
                  title="No agent fits"
                  action={<Button onClick={() => search('')}>Clear the search</Button>}
                >
                  Every word is looked for in names, labels (<code>team:support</code>) and ids.
                </EmptyState>
              }
            />
            <Pager
              offset={offset}
              limit={kPageSize}
              total={rows.length}
              what={rows.length === 1 ? 'agent' : 'agents'}
              onChange={(next) => change({ page: String(next / kPageSize + 1) })}
            />
          </>
        )}
      </Card>
      {isOnlyDefault && (
        <p className={styles['hint']}>
          Calls whose URL names no agent are the default agent's. Make an agent for each application to tell them apart.
        </p>
      )}
      <ConnectDialog
        agent={connected}
        client={filters.client}
        onClient={(client) => change({ client }, { replace: true })}
        onClose={() => change({ connect: '', client: '' }, { replace: true })}
      />
    </>
  );
}

function readSort(text: string): { id: string; desc: boolean } {
  const desc = text.startsWith('-');
  const id = desc ? text.slice(1) : text;
  return ['name', 'calls', 'errors', 'tokens', 'updated'].includes(id) ? { id, desc } : { id: 'name', desc: false };
}

function Figure({ value }: { value: number }) {
  return value === 0 ? <span className="muted">0</span> : formatCount(value);
}

function Errors({ traffic }: { traffic: AgentRow['traffic'] }) {
  if (traffic === undefined || traffic.totals.calls === 0) return null;
  const { errors, calls } = traffic.totals;
  if (errors === 0) return <span className="muted">0%</span>;
  return (
    <span className={styles['errors']} title={`${formatCount(errors)} of ${formatCount(calls)} calls`}>
      {formatShare(errors / calls)}
    </span>
  );
}

function Labels({ agent, onChoose }: { agent: AgentRow['agent']; onChoose: (search: string) => void }) {
  if (agent.labels.length === 0) return null;
  const more = agent.labels.slice(kChips);
  return (
    <ul className={styles['labels']}>
      {agent.labels.slice(0, kChips).map(({ key, value }) => (
        <li key={key}>
          <button type="button" onClick={() => onChoose(searchFor(key, value))}>
            <span className="visually-hidden">Show agents with </span>
            <LabelChip name={key} value={value} />
          </button>
        </li>
      ))}
      {more.length > 0 && (
        <li className={styles['more']} title={more.map(({ key, value }) => `${key}: ${value}`).join('\n')}>
          +{more.length}
        </li>
      )}
    </ul>
  );
}

// Of a value with blanks the first word narrows it down.
function searchFor(key: string, value: string): string {
  return `${key}:${value}`.split(/\s/)[0] ?? key;
}

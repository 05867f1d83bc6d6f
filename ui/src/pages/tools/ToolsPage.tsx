import { Wrench } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useSearch } from 'wouter';
import type { Tool } from '@/api/types.ts';
import { Button, ButtonLink } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { DataTable, rowLinkClass, type Column } from '@/components/DataTable.tsx';
import { SearchInput, Switch } from '@/components/Field.tsx';
import { Toolbar } from '@/components/FilterChip.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Pager } from '@/components/Pager.tsx';
import { Select } from '@/components/Select.tsx';
import { EmptyState, ErrorState, Skeleton } from '@/components/states.tsx';
import { toastError } from '@/components/Toast.tsx';
import { useDebounced } from '@/lib/use_debounced.ts';
import { readFilters, useUrlFilters, writeFilters } from '@/lib/url_state.ts';
import { AgentName } from '@/pages/agents/AgentName.tsx';
import { AgentPicker } from '@/pages/agents/AgentPicker.tsx';
import { useAgentsById } from '@/pages/agents/agents_data.ts';
import { useInvocationPolicies } from '@/pages/policies/policies_data.ts';
import { PolicyStatusBanner } from '@/pages/policies/PolicyStatusBanner.tsx';
import { invocationPoliciesFor, verdictOf } from '@/pages/policies/verdict.ts';
import { ToolDialog } from './ToolDialog.tsx';
import { kTreatments, useSetTool, useTools } from './tools_data.ts';
import styles from './ToolsPage.module.css';
import { VerdictBadge } from './VerdictBadge.tsx';

const kDefaults = { q: '', agent: '', sort: 'name', page: '1', tool: '' };
const kPageSize = 50;
const kDescription = 200; // characters: more than a row has room for

export default function ToolsPage() {
  const { filters, change } = useUrlFilters(kDefaults);
  const search = useDebounced(filters.q, 200);
  const desc = filters.sort.startsWith('-');
  const sortBy = filters.sort.endsWith('createdAt') ? 'createdAt' : 'name';
  const offset = (Math.max(1, Number(filters.page) || 1) - 1) * kPageSize;
  const tools = useTools({
    limit: kPageSize,
    offset,
    sortBy,
    sortDirection: desc ? 'desc' : 'asc',
    search,
    agentId: filters.agent || undefined,
  });
  const columns = useColumns();
  const isFiltered = filters.q !== '' || filters.agent !== '';

  return (
    <>
      <PageHeader
        title="Tools"
        description="What agents declared in their requests, and what becomes of it when a model calls it."
        actions={
          <ButtonLink href="/policies/invocation/new" kind="primary">
            New policy
          </ButtonLink>
        }
      />
      <PolicyStatusBanner />
      <Toolbar label="Filters">
        <SearchInput value={filters.q} onChange={(q) => change({ q, page: '1' }, { replace: true })} label="Search tools" />
        <AgentPicker className={styles['picker']} prefix="Agent" prefixWidth="2.5rem" value={filters.agent} onChange={(agent) => change({ agent, page: '1' })} />
      </Toolbar>
      <Card flush>
        {tools.isError ? (
          <ErrorState error={tools.error} onRetry={() => void tools.refetch()} />
        ) : (
          <>
            <DataTable
              caption="Tools with what becomes of their calls and results"
              columns={columns}
              rows={tools.data?.data ?? []}
              rowKey={(tool) => tool.id}
              sort={{ id: sortBy, desc }}
              onSort={(next) => change({ sort: next.desc ? `-${next.id}` : next.id, page: '1' }, { replace: true })}
              isLoading={tools.isPending}
              loadingRows={10}
              empty={
                isFiltered ? (
                  <EmptyState
                    icon={<Wrench aria-hidden="true" />}
                    title="No tool fits"
                    action={<Button onClick={() => change({ q: '', agent: '', page: '1' })}>Show all tools</Button>}
                  >
                    An agent's tools are here once a request of it has declared them.
                  </EmptyState>
                ) : (
                  <EmptyState
                    icon={<Wrench aria-hidden="true" />}
                    title="No tools yet"
                    action={<ButtonLink href="/agents">Connect an agent</ButtonLink>}
                  >
                    Nothing has to be set up: a tool is here once the request of an agent declares it.
                  </EmptyState>
                )
              }
            />
            <Pager
              offset={offset}
              limit={kPageSize}
              total={tools.data?.pagination.total ?? 0}
              what={tools.data?.pagination.total === 1 ? 'tool' : 'tools'}
              onChange={(next) => change({ page: String(next / kPageSize + 1) })}
            />
          </>
        )}
      </Card>
      <ToolDialog id={filters.tool} onClose={() => change({ tool: '' }, { replace: true })} />
    </>
  );
}

function useColumns(): Column<Tool>[] {
  const agents = useAgentsById();
  const policies = useInvocationPolicies();
  const set = useSetTool();
  const setTool = set.mutate;
  return useMemo(
    () => [
      {
        id: 'name',
        header: 'Tool',
        sortable: true,
        cell: (tool) => (
          <span className={styles['tool']}>
            <ToolLink tool={tool} />
            <span className={styles['description']}>{tool.description.slice(0, kDescription)}</span>
            <span className={styles['phoneOnly']}>
              <AgentName id={tool.agentId} />
            </span>
          </span>
        ),
      },
      {
        id: 'agent',
        header: 'Agent',
        width: '20%',
        wideOnly: true,
        cell: (tool) => (
          <span className={styles['agent']}>
            <AgentName id={tool.agentId} />
          </span>
        ),
      },
      {
        id: 'verdict',
        header: 'Calls',
        width: '8.5rem',
        cell: (tool) => {
          const agent = agents.get(tool.agentId);
          if (policies.isError) return '–';
          if (agent === undefined || policies.data === undefined) return <Skeleton width="5rem" height="20px" />;
          return <VerdictBadge verdict={verdictOf(tool, agent, invocationPoliciesFor(tool, policies.data))} />;
        },
      },
      {
        id: 'treatment',
        header: 'Its results are',
        width: '9rem',
        wideOnly: true,
        cell: (tool) => (
          <span className={styles['control']}>
            <Select
              small
              label={`Results of ${tool.name}`}
              value={tool.resultTreatment}
              options={kTreatments}
              onChange={(value) =>
                setTool(
                  { id: tool.id, change: { resultTreatment: value as Tool['resultTreatment'] } },
                  { onError: (error) => toastError('The tool was not changed', error) },
                )
              }
            />
          </span>
        ),
      },
      {
        id: 'usable',
        header: <span title="Whether it may be called in an untrusted context although its agent refuses that">Usable with untrusted data</span>,
        width: '12rem',
        wideOnly: true,
        cell: (tool) => (
          <span className={styles['control']}>
            <Switch
              checked={tool.usableWithUntrustedData}
              label={<span className="visually-hidden">{tool.name} is usable with untrusted data</span>}
              onChange={(usableWithUntrustedData) =>
                setTool(
                  { id: tool.id, change: { usableWithUntrustedData } },
                  { onError: (error) => toastError('The tool was not changed', error) },
                )
              }
            />
          </span>
        ),
      },
    ],
    [agents, policies.data, policies.isError, setTool],
  );
}

function ToolLink({ tool }: { tool: Tool }) {
  const search = useSearch();
  const href = `/tools${writeFilters({ ...readFilters(search, kDefaults), tool: tool.id }, kDefaults)}`;
  return (
    <Link href={href} className={rowLinkClass} title={tool.name}>
      <bdi>{tool.name}</bdi>
    </Link>
  );
}

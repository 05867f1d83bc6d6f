import { Plus, ShieldCheck } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import type { ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';
import { Button, ButtonLink } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { DataTable, rowLinkClass, type Column } from '@/components/DataTable.tsx';
import { SearchInput } from '@/components/Field.tsx';
import { Toolbar } from '@/components/FilterChip.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Segmented } from '@/components/Segmented.tsx';
import { EmptyState, ErrorState } from '@/components/states.tsx';
import { formatAgo, formatExact } from '@/format/time.ts';
import { useUrlFilters } from '@/lib/url_state.ts';
import { AgentName } from '@/pages/agents/AgentName.tsx';
import { AgentPicker } from '@/pages/agents/AgentPicker.tsx';
import { useAgentsById } from '@/pages/agents/agents_data.ts';
import { InvocationBadge, ModeBadge, TrustBadge } from './badges.tsx';
import { useInvocationPolicies, useTrustedPolicies, type Kind } from './policies_data.ts';
import styles from './PoliciesPage.module.css';
import { PolicyEditor } from './PolicyEditor.tsx';
import { PolicyStatusBanner } from './PolicyStatusBanner.tsx';
import { conditionWords } from './policy_words.ts';

/** The tables, and below /policies/<kind>/<id or "new"> the editor. */
export default function PoliciesPage() {
  const [path] = useLocation();
  const [, , kind, id] = path.split('/');
  if (kind === undefined || kind === '') return <Policies />;
  if ((kind !== 'invocation' && kind !== 'trusted') || id === undefined || id === '')
    return (
      <>
        <PageHeader title="Not found" />
        <EmptyState title="There is no such page" action={<ButtonLink href="/policies">See all policies</ButtonLink>}>
          The address may be old, or mistyped.
        </EmptyState>
      </>
    );
  return <PolicyEditor key={path} kind={kind} id={id === 'new' ? undefined : id} />;
}

const kDefaults = { kind: 'invocation', q: '', agent: '' };
const kKinds: { value: Kind; label: string }[] = [
  { value: 'invocation', label: 'Tool calls' },
  { value: 'trusted', label: 'Tool results' },
];

type Policy = ToolInvocationPolicy | TrustedDataPolicy;

function Policies() {
  const { filters, change } = useUrlFilters(kDefaults);
  const kind: Kind = filters.kind === 'trusted' ? 'trusted' : 'invocation';
  const invocation = useInvocationPolicies();
  const trusted = useTrustedPolicies();
  const query = kind === 'invocation' ? invocation : trusted;
  const columns = useColumns(kind);
  const rows = useMemo(() => {
    const all: Policy[] = query.data ?? [];
    const text = filters.q.toLowerCase();
    return all.filter(
      (policy) =>
        (filters.agent === '' || policy.agentId === null || policy.agentId === filters.agent) &&
        (text === '' || searchable(policy).includes(text)),
    );
  }, [query.data, filters.q, filters.agent]);
  const isFiltered = filters.q !== '' || filters.agent !== '';
  const newPolicy = `/policies/${kind}/new${filters.agent === '' ? '' : `?agent=${filters.agent}`}`;

  return (
    <>
      <PageHeader
        title="Policies"
        description={
          kind === 'invocation'
            ? 'Which calls of tools pass. Blocks come first; what nothing blocks is allowed.'
            : 'What of the results of tools can be trusted, and what a model never sees.'
        }
        actions={
          <ButtonLink href={newPolicy} kind="primary" icon={<Plus aria-hidden="true" />}>
            New policy
          </ButtonLink>
        }
      />
      <PolicyStatusBanner />
      <Toolbar label="Filters">
        <Segmented label="Kind of policies" value={kind} onChange={(next) => change({ kind: next })} options={kKinds} />
        <SearchInput value={filters.q} onChange={(q) => change({ q }, { replace: true })} label="Search policies" />
        <AgentPicker className={styles['picker']} prefix="Applies to" prefixWidth="4rem" value={filters.agent} onChange={(agent) => change({ agent })} />
      </Toolbar>
      <Card flush>
        {query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <DataTable
            caption={kind === 'invocation' ? 'Policies for tool calls' : 'Policies for tool results'}
            columns={columns}
            rows={rows}
            rowKey={(policy) => policy.id}
            initialSort={{ id: 'tool', desc: false }}
            isLoading={query.isPending}
            empty={
              isFiltered ? (
                <EmptyState
                  icon={<ShieldCheck aria-hidden="true" />}
                  title="No policy fits"
                  action={<Button onClick={() => change({ q: '', agent: '' })}>Show all</Button>}
                >
                  Words are looked for in the tool, the conditions and the reason.
                </EmptyState>
              ) : (
                <EmptyState
                  icon={<ShieldCheck aria-hidden="true" />}
                  title={kind === 'invocation' ? 'No policies for tool calls' : 'No policies for tool results'}
                  action={<ButtonLink href={newPolicy}>Make the first one</ButtonLink>}
                >
                  {kind === 'invocation'
                    ? 'Every call passes, unless its agent refuses tools in an untrusted context. A policy that observes shows what it would do before it does it.'
                    : 'Results are what their tool says: untrusted, unless you changed it on the page of the tools.'}
                </EmptyState>
              )
            }
          />
        )}
      </Card>
    </>
  );
}

function searchable(policy: Policy): string {
  const text = 'reason' in policy ? policy.reason : policy.description;
  return [policy.tool, text, ...policy.conditions.map(({ key, value }) => `${key} ${value}`)].join('\n').toLowerCase();
}

function useColumns(kind: Kind): Column<Policy>[] {
  const agents = useAgentsById();
  return useMemo(() => {
    const nameOf = (id: string | null) => (id === null ? null : (agents.get(id)?.name ?? 'its agent'));
    const columns: Column<Policy>[] = [
      {
        id: 'tool',
        header: 'Tool',
        width: '16%',
        sortBy: (policy) => policy.tool,
        cell: (policy) => (
          <span className={styles['tool']}>
            <Link href={`/policies/${kind}/${policy.id}`} className={rowLinkClass} title={policy.tool}>
              <bdi>{policy.tool}</bdi>
            </Link>
            <span className={styles['phoneOnly']}>
              <ActionBadge policy={policy} />
            </span>
          </span>
        ),
      },
      {
        id: 'when',
        header: 'When',
        cell: (policy) => <When policy={policy} kind={kind} />,
      },
      {
        id: 'agent',
        header: 'Applies to',
        width: '15%',
        wideOnly: true,
        sortBy: (policy) => nameOf(policy.agentId) ?? '',
        cell: (policy) => (
          <span className={styles['agent']}>
            <AgentName id={policy.agentId} />
          </span>
        ),
      },
      {
        id: 'action',
        header: 'Action',
        width: '10.5rem',
        wideOnly: true,
        sortBy: (policy) => policy.action,
        cell: (policy) => <ActionBadge policy={policy} />,
      },
    ];
    if (kind === 'invocation')
      columns.push({
        id: 'mode',
        header: 'Mode',
        width: '6.5rem',
        wideOnly: true,
        sortBy: (policy) => ('mode' in policy ? policy.mode : ''),
        cell: (policy) => ('mode' in policy ? <ModeBadge mode={policy.mode} /> : null),
      });
    columns.push({
      id: 'updated',
      header: 'Changed',
      width: '6.5rem',
      numeric: true,
      wideOnly: true,
      sortBy: (policy) => Date.parse(policy.updatedAt),
      cell: (policy) => (
        <time dateTime={policy.updatedAt} title={formatExact(new Date(policy.updatedAt))} className="muted">
          {formatAgo(new Date(policy.updatedAt))}
        </time>
      ),
    });
    return columns;
  }, [agents, kind]);
}

function ActionBadge({ policy }: { policy: Policy }) {
  return 'mode' in policy ? <InvocationBadge policy={policy} /> : <TrustBadge policy={policy as TrustedDataPolicy} />;
}

function When({ policy, kind }: { policy: Policy; kind: Kind }) {
  const told = 'reason' in policy ? policy.reason : policy.description;
  const permits = policy.action === 'allow_when_context_is_untrusted' || policy.action === 'mark_as_trusted';
  const whole = kind === 'invocation' ? 'the whole of its arguments' : 'the whole result';
  return (
    <span className={styles['when']}>
      {policy.conditions.length === 0 ? (
        <span>{kind === 'invocation' ? 'Every call' : 'Every result'}</span>
      ) : (
        <span className={styles['conditions']}>
          {policy.conditions.map((condition) => conditionWords(condition, whole, !permits)).join(' and ')}
        </span>
      )}
      {told !== '' && (
        <span className={styles['told']} title={told}>
          <bdi>{told}</bdi>
        </span>
      )}
    </span>
  );
}

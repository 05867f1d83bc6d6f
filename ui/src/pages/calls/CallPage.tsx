import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { api, ApiError } from '@/api/client.ts';
import type { CallDecision, CallDetails } from '@/api/types.ts';
import { Badge, LabelChips } from '@/components/Badge.tsx';
import { ButtonLink } from '@/components/Button.tsx';
import { Card, KeyValues, Stat } from '@/components/Card.tsx';
import { Copyable } from '@/components/Copy.tsx';
import { DataTable, type Column } from '@/components/DataTable.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { EmptyState, ErrorState, Skeleton } from '@/components/states.tsx';
import { formatBytes, formatCompact, formatCount, formatSeconds, formatShare, plural } from '@/format/numbers.ts';
import { outcomeWords } from '@/format/outcomes.ts';
import { formatExact, formatMoment } from '@/format/time.ts';
import styles from './CallPage.module.css';
import { Waterfall } from './Waterfall.tsx';
import { tokensPerSecond } from './waterfall.ts';

const kBack = { href: '/calls', label: 'Calls' };

export default function CallPage({ params }: { params: { id: string } }) {
  const call = useQuery({
    queryKey: ['call', params.id],
    queryFn: ({ signal }) => api.get('/api/recent-calls/{id}', { path: { id: params.id }, signal }),
    staleTime: Infinity,
  });
  if (call.error instanceof ApiError && (call.error.status === 404 || call.error.status === 400))
    return (
      <>
        <PageHeader title="Call" back={kBack} />
        <Card>
          <EmptyState title="This call is no longer here" action={<ButtonLink href="/calls">Recent calls</ButtonLink>}>
            The gateway keeps the last calls in memory alone. If its trace was sampled, your tracing backend still has
            it: <code>{params.id}</code> is the id of its server span.
          </EmptyState>
        </Card>
      </>
    );
  if (call.isError)
    return (
      <>
        <PageHeader title="Call" back={kBack} />
        <Card>
          <ErrorState error={call.error} onRetry={() => void call.refetch()} />
        </Card>
      </>
    );
  return call.data === undefined ? <Loading /> : <Details call={call.data} />;
}

function Loading() {
  return (
    <div aria-busy="true">
      <PageHeader title={<Skeleton width="14rem" />} windowTitle="Call" description={<Skeleton width="20rem" />} back={kBack} />
      <div className={styles['summarySkeleton']} />
      <div className={styles['waterfallSkeleton']} />
    </div>
  );
}

function Details({ call }: { call: CallDetails }) {
  const words = outcomeWords(call.outcome);
  const started = new Date(call.startedAt);
  const hasTokens = call.usageProvenance !== 'unknown';
  return (
    <>
      <PageHeader
        back={kBack}
        windowTitle={`${call.model ?? call.operation}, call`}
        title={
          <span className={styles['title']}>
            {call.model ?? call.operation}
            <Badge tone={words.tone} dot>
              {words.name}
            </Badge>
            {call.blockedToolCalls > 0 && <Badge tone="warn">{plural(call.blockedToolCalls, 'tool call')} blocked</Badge>}
          </span>
        }
        description={
          <>
            {call.provider} {call.operation}, <time dateTime={call.startedAt}>{formatMoment(started)}</time>
            {call.agent !== null && <>, for <bdi>{call.agent.name}</bdi></>}. {words.meaning}
            {call.errorType !== null && (
              <>
                {' '}
                Error type <code>{call.errorType}</code>.
              </>
            )}
          </>
        }
        actions={
          <span className={styles['trace']}>
            <span className="muted">Trace</span>
            <Copyable text={call.traceId} what="trace id" />
          </span>
        }
      />
      <Card className={styles['summary']}>
        <dl className={styles['stats']}>
          <Stat label="Duration" value={formatSeconds(call.duration)} detail={plural(call.tries, 'try', 'tries')} />
          <Stat
            label="First token"
            value={formatSeconds(call.timeToFirstToken)}
            detail={call.stream ? 'streamed' : 'not streamed'}
          />
          <Stat
            label="Gateway"
            value={formatSeconds(call.gateway)}
            detail={`${formatShare(call.duration > 0 ? call.gateway / call.duration : null)} of it`}
          />
          <Stat
            label="Tokens in"
            value={hasTokens ? formatCompact(call.inputTokens) : '–'}
            detail={call.cacheReadTokens > 0 ? `${formatCompact(call.cacheReadTokens)} from the cache` : ' '}
          />
          <Stat
            label="Tokens out"
            value={hasTokens ? formatCompact(call.outputTokens) : '–'}
            detail={call.reasoningTokens > 0 ? `${formatCompact(call.reasoningTokens)} for reasoning` : ' '}
          />
          <Stat label="Tokens/s" value={formatCompact(tokensPerSecond(call))} detail={tokensPerSecond(call) === null ? undefined : 'first to last token'} />
        </dl>
      </Card>
      <Card title="Where the time went" className={styles['waterfall']}>
        <Waterfall call={call} />
      </Card>
      {call.tries > 1 && <Tries call={call} />}
      {call.toolCalls > 0 && <ToolDecisions call={call} />}
      <div className={styles['columns']}>
        <Card title="Caller">
          <KeyValues items={callerOf(call)} />
        </Card>
        <Card title="Tokens">
          <KeyValues items={tokensOf(call)} />
        </Card>
        <Card title="Request">
          <KeyValues items={requestOf(call, started)} />
        </Card>
        <Card title="Answer">
          <KeyValues items={answerOf(call)} />
        </Card>
      </div>
    </>
  );
}

type Items = { name: ReactNode; value: ReactNode }[];

const nothing = <span className="muted">–</span>;

/** A value that other calls may share, and a way to see those. */
function filterLink(name: string, value: string | null): ReactNode {
  if (value === null) return nothing;
  return <Link href={`/calls?${new URLSearchParams({ [name]: value })}`}>{value}</Link>;
}

function callerOf(call: CallDetails): Items {
  return [
    {
      name: 'Agent',
      value: call.agent === null ? nothing : <Link href={`/agents/${call.agent.id}`}><bdi>{call.agent.name}</bdi></Link>,
    },
    {
      name: 'Labels',
      value: call.agent === null || call.agent.labels.length === 0 ? nothing : <LabelChips labels={call.agent.labels} />,
    },
    { name: 'Session', value: filterLink('session', call.session) },
    { name: 'Run', value: filterLink('run', call.run) },
    { name: 'User', value: filterLink('user', call.user) },
    { name: 'Calls itself', value: call.clientAgent ?? nothing },
    { name: 'Address', value: call.clientAddress ?? nothing },
    { name: 'User agent', value: call.userAgent ?? nothing },
  ];
}

const provenances: Record<string, string> = {
  provider: 'What the provider said',
  estimate: 'An estimate: the stream broke off before the provider said it',
  unknown: 'Unknown: the provider did not say',
};

function tokensOf(call: CallDetails): Items {
  const count = (value: number) => (call.usageProvenance === 'unknown' ? nothing : formatCount(value));
  return [
    { name: 'Input', value: count(call.inputTokens) },
    { name: 'Read from cache', value: count(call.cacheReadTokens) },
    { name: 'Written to cache', value: count(call.cacheWriteTokens) },
    { name: 'Output', value: count(call.outputTokens) },
    { name: 'Reasoning', value: count(call.reasoningTokens) },
    { name: 'Together', value: count(call.inputTokens + call.outputTokens) },
    { name: 'Source', value: provenances[call.usageProvenance] ?? call.usageProvenance },
  ];
}

function requestOf(call: CallDetails, started: Date): Items {
  return [
    { name: 'Started', value: formatExact(started) },
    { name: 'Method and path', value: <span className="mono">{`${call.method} ${call.urlPath}`}</span> },
    { name: 'Route', value: <span className="mono">{call.route}</span> },
    { name: 'Size', value: formatBytes(call.requestBytes) },
    { name: 'Trace id', value: <Copyable text={call.traceId} what="trace id" /> },
    { name: 'Span id', value: <Copyable text={call.id} what="span id" /> },
    { name: 'Trace', value: call.sampled ? 'Sampled' : 'Not sampled: no backend has it' },
  ];
}

function answerOf(call: CallDetails): Items {
  return [
    { name: 'Status', value: call.statusCode },
    { name: 'Outcome', value: <code>{call.outcome}</code> },
    { name: 'Error type', value: call.errorType === null ? nothing : <code>{call.errorType}</code> },
    { name: 'Model that answered', value: call.responseModel ?? nothing },
    { name: 'Finished because', value: call.finishReasons.length === 0 ? nothing : call.finishReasons.join(', ') },
    { name: 'Response id', value: call.responseId === null ? nothing : <Copyable text={call.responseId} what="response id" /> },
    { name: 'Size', value: formatBytes(call.responseBytes) },
  ];
}

type Try = CallDetails['tryDetails'][number];

const tryColumns: Column<Try & { number: number }>[] = [
  { id: 'number', header: 'Try', width: '4rem', cell: (one) => one.number },
  {
    id: 'outcome',
    header: 'Outcome',
    cell: (one) => (
      <Badge tone={outcomeWords(one.outcome).tone} dot>
        {outcomeWords(one.outcome).name}
      </Badge>
    ),
  },
  { id: 'status', header: 'Status', numeric: true, cell: (one) => one.statusCode ?? '–' },
  { id: 'error', header: 'Error type', wideOnly: true, cell: (one) => (one.errorType === null ? '–' : <code>{one.errorType}</code>) },
  { id: 'duration', header: 'Duration', numeric: true, cell: (one) => formatSeconds(one.duration) },
  { id: 'pause', header: 'Pause after it', numeric: true, cell: (one) => formatSeconds(one.retriedAfter) },
];

function Tries({ call }: { call: CallDetails }) {
  const rows = call.tryDetails.map((one, index) => ({ ...one, number: index + 1 }));
  return (
    <Card title="Tries" flush className={styles['table']}>
      <DataTable caption="Tries of this call" columns={tryColumns} rows={rows} rowKey={(one) => one.spanId} />
    </Card>
  );
}

const decisions: Record<CallDecision['decision'], { name: string; tone: 'good' | 'bad' | 'warn' }> = {
  allowed: { name: 'Allowed', tone: 'good' },
  blocked: { name: 'Blocked', tone: 'bad' },
  would_block: { name: 'Would block', tone: 'warn' },
};

const decisionColumns: Column<CallDecision & { key: string }>[] = [
  { id: 'tool', header: 'Tool', cell: (one) => <span className="mono">{one.tool}</span> },
  {
    id: 'decision',
    header: 'Decision',
    cell: (one) => <Badge tone={decisions[one.decision].tone}>{decisions[one.decision].name}</Badge>,
  },
  { id: 'reason', header: 'Reason', cell: (one) => one.reason ?? '–' },
  {
    id: 'policy',
    header: 'Policy',
    wideOnly: true,
    cell: (one) =>
      one.policyId === null ? '–' : <Link href={`/policies/invocation/${one.policyId}`}>Show policy</Link>,
  },
];

function ToolDecisions({ call }: { call: CallDetails }) {
  const rows = call.toolDecisions.map((one, index) => ({ ...one, key: String(index) }));
  const left = call.toolDecisionsLeftOut;
  return (
    <Card
      title="Tool calls"
      hint={left > 0 ? `${plural(left, 'more decision')} left out` : `${plural(call.toolCalls, 'call')} that the model asked for`}
      flush
      className={styles['table']}
    >
      <DataTable
        caption="Tool calls and what was decided"
        columns={decisionColumns}
        rows={rows}
        rowKey={(one) => one.key}
        empty={
          <EmptyState title={`The model asked for ${plural(call.toolCalls, 'tool call')}`}>
            No policy looks at the calls of this agent, so none was judged. <Link href="/policies">Policies</Link> decide
            what an agent may call.
          </EmptyState>
        }
      />
    </Card>
  );
}

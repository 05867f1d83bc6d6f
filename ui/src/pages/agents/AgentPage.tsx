import { Plug, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { ApiError } from '@/api/client.ts';
import type { Agent } from '@/api/types.ts';
import { Badge } from '@/components/Badge.tsx';
import { Button, ButtonLink } from '@/components/Button.tsx';
import { Card, KeyValues } from '@/components/Card.tsx';
import { Copyable } from '@/components/Copy.tsx';
import { Checkbox, Field, Input } from '@/components/Field.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { Segmented } from '@/components/Segmented.tsx';
import { EmptyState, ErrorState, Notice, Skeleton } from '@/components/states.tsx';
import { toast } from '@/components/Toast.tsx';
import { formatCompact, formatCount, formatShare } from '@/format/numbers.ts';
import { formatMoment } from '@/format/time.ts';
import { useUrlFilters } from '@/lib/url_state.ts';
import { fieldOfProblem, isChanged, toBody, toForm, type AgentForm } from './agent_form.ts';
import { useAgent, useAgentStatistics, useSaveAgent } from './agents_data.ts';
import styles from './AgentPage.module.css';
import { AgentTools } from './AgentTools.tsx';
import { Course } from './Course.tsx';
import { ConnectDialog } from './connect/ConnectDialog.tsx';
import { DeleteAgent } from './DeleteAgent.tsx';
import { LabelsEditor, useLabelsCheck } from './LabelsEditor.tsx';

const kBack = { href: '/agents', label: 'Agents' };
const kDefaults = { connect: '', client: '' };

export default function AgentPage({ params }: { params: { id?: string } }) {
  return params.id === undefined ? <NewAgent /> : <KnownAgent key={params.id} id={params.id} />;
}

function NewAgent() {
  const [, navigate] = useLocation();
  return (
    <>
      <PageHeader title="New agent" back={kBack} description="A name is enough. Labels can be changed whenever you like." />
      <div className={styles['alone']}>
        <AgentFormCard agent={undefined} onSaved={(agent) => navigate(`/agents/${agent.id}?connect=yes`)} />
      </div>
    </>
  );
}

function KnownAgent({ id }: { id: string }) {
  const agent = useAgent(id);
  const [, navigate] = useLocation();
  const { filters, change } = useUrlFilters(kDefaults);
  const [isDeleting, setIsDeleting] = useState(false);
  if (agent.data === undefined) {
    const isGone = agent.error instanceof ApiError && [400, 404].includes(agent.error.status);
    return (
      <>
        <PageHeader
          title={agent.isPending ? <Skeleton width="12rem" /> : 'Agent'}
          windowTitle="Agent"
          back={kBack}
          actions={agent.isPending && <WaitingActions />}
        />
        {isGone ? (
          <EmptyState title="There is no such agent" action={<ButtonLink href="/agents">See all agents</ButtonLink>}>
            It may have been deleted, or its address is mistyped.
          </EmptyState>
        ) : agent.isError ? (
          <ErrorState error={agent.error} onRetry={() => void agent.refetch()} />
        ) : (
          <div className={styles['waiting']} />
        )}
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={
          <span className={styles['title']}>
            <bdi title={agent.data.name}>{agent.data.name}</bdi> {agent.data.isDefault && <Badge>default</Badge>}
          </span>
        }
        windowTitle={agent.data.name}
        back={kBack}
        actions={
          <>
            {!agent.data.isDefault && (
              <Button icon={<Trash2 aria-hidden="true" />} onClick={() => setIsDeleting(true)}>
                Delete
              </Button>
            )}
            <Button kind="primary" icon={<Plug aria-hidden="true" />} onClick={() => change({ connect: 'yes' })}>
              Connect
            </Button>
          </>
        }
      />
      <div className={styles['columns']}>
        <AgentFormCard agent={agent.data} onSaved={() => toast('Agent saved')} />
        <div className={styles['side']}>
          <TrafficCard agent={agent.data} />
          <AgentTools agent={agent.data} />
          <AboutCard agent={agent.data} />
        </div>
      </div>
      <ConnectDialog
        agent={filters.connect === '' ? undefined : agent.data}
        client={filters.client}
        onClient={(client) => change({ client }, { replace: true })}
        onClose={() => change({ connect: '', client: '' }, { replace: true })}
      />
      <DeleteAgent
        agent={agent.data}
        isOpen={isDeleting}
        onClose={() => setIsDeleting(false)}
        onDeleted={() => navigate('/agents')}
      />
    </>
  );
}

// On a phone they have a line of their own, which is there from the start.
function WaitingActions() {
  return (
    <>
      <Button disabled icon={<Trash2 aria-hidden="true" />}>
        Delete
      </Button>
      <Button disabled kind="primary" icon={<Plug aria-hidden="true" />}>
        Connect
      </Button>
    </>
  );
}

function AgentFormCard({ agent, onSaved }: { agent: Agent | undefined; onSaved: (agent: Agent) => void }) {
  const [form, setForm] = useState(() => toForm(agent));
  const save = useSaveAgent(agent?.id);
  const check = useLabelsCheck(form.labels);
  const set = (change: Partial<AgentForm>) => {
    setForm({ ...form, ...change });
    save.reset();
  };
  const problem = save.error?.message;
  const problemAt = problem === undefined ? undefined : fieldOfProblem(problem);
  const at = (field: string) => (problemAt === field ? problem : null);
  const isWrong = check !== undefined && (check.problem !== null || check.labels.some((label) => label.problem !== null));
  const hasChanged = isChanged(form, agent);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(toBody(form), { onSuccess: onSaved });
  };
  return (
    <form onSubmit={submit} className={styles['form']} noValidate>
      <Card title="Agent">
        <div className={styles['fields']}>
          <Field label="Name" problem={at('name')}>
            {(ids) => (
              <Input
                {...ids}
                dir="auto"
                value={form.name}
                autoFocus={agent === undefined}
                autoComplete="off"
                placeholder="Support Bot"
                onChange={(event) => set({ name: event.target.value })}
              />
            )}
          </Field>
          <fieldset className={styles['group']}>
            <legend>Labels</legend>
            <p className={styles['hint']}>
              Every metric of the agent has them as labels, every span as attributes. Team, environment, cost center: what you
              want to add figures up by.
            </p>
            <LabelsEditor rows={form.labels} onChange={(labels) => set({ labels })} check={check} />
            {at('labels') && !isWrong && (
              <p role="alert" className={styles['problem']}>
                {problem}
              </p>
            )}
          </fieldset>
        </div>
      </Card>
      <Card title="Tool calls in an untrusted context" hint="what a stranger wrote may be in the history">
        <div className={styles['fields']}>
          <Checkbox
            checked={form.denyToolsInUntrustedContext}
            onChange={(denyToolsInUntrustedContext) => set({ denyToolsInUntrustedContext })}
            label="Refuse tools unless they are allowed"
            hint="Once the history has a tool result that nobody trusts, a tool may be called only where a policy allows it, or where it is marked usable with untrusted data."
          />
          <Checkbox
            checked={form.considerContextUntrusted}
            onChange={(considerContextUntrusted) => set({ considerContextUntrusted })}
            label="Always treat the context as untrusted"
            hint="For agents that read what strangers write from the start: mail, tickets, web pages."
          />
        </div>
      </Card>
      <Card title="For later" hint="stored; not in effect yet">
        <div className={styles['fields']}>
          <div className={styles['inline']}>
            <span className={styles['inlineLabel']} aria-hidden="true">
              When the client leaves
            </span>
            <Segmented
              label="When the client leaves in the middle of an answer"
              value={form.onDisconnect}
              onChange={(onDisconnect) => set({ onDisconnect })}
              options={[
                { value: 'cancel', label: 'Cancel the call' },
                { value: 'drain', label: 'Read on for the usage' },
              ]}
            />
            {form.onDisconnect === 'drain' && (
              <label className={styles['seconds']}>
                for at most
                <Input
                  type="number"
                  min={1}
                  max={3600}
                  value={form.drainSeconds}
                  onChange={(event) => set({ drainSeconds: event.target.value })}
                  aria-invalid={problemAt === 'onClientDisconnect' || undefined}
                />
                seconds
              </label>
            )}
          </div>
          {at('onClientDisconnect') && (
            <p role="alert" className={styles['problem']}>
              {problem}
            </p>
          )}
          <Checkbox
            checked={form.captureContent}
            onChange={(captureContent) => set({ captureContent })}
            label="Keep what is said"
            hint="Prompts and answers go to the collector with each call's span. Credentials are taken out; other secrets may not be."
          />
        </div>
      </Card>
      {at('form') && <Notice tone="bad">{problem}</Notice>}
      <div className={styles['actions']}>
        <Button
          type="submit"
          kind="primary"
          isBusy={save.isPending}
          disabled={form.name.trim() === '' || isWrong || !hasChanged}
        >
          {agent === undefined ? 'Create agent' : 'Save changes'}
        </Button>
        {agent === undefined ? (
          <ButtonLink href="/agents" kind="quiet">
            Cancel
          </ButtonLink>
        ) : (
          hasChanged && (
            <Button kind="quiet" onClick={() => set(toForm(agent))}>
              Undo changes
            </Button>
          )
        )}
      </div>
    </form>
  );
}

function TrafficCard({ agent }: { agent: Agent }) {
  const statistics = useAgentStatistics();
  const traffic = statistics.data?.data.find(({ agentId }) => agentId === agent.id);
  const value = (text: string) => (statistics.isPending ? <Skeleton width="3rem" /> : statistics.isError ? '–' : text);
  return (
    <Card title="Last hour" actions={<Link href={`/calls?agentId=${agent.id}`}>Calls</Link>}>
      <div className={styles['course']}>
        <Course calls={traffic?.calls} />
      </div>
      <KeyValues
        narrow
        items={[
          { name: 'Calls', value: value(formatCount(traffic?.totals.calls ?? 0)) },
          {
            name: 'Errors',
            value: value(traffic && traffic.totals.calls > 0 ? formatShare(traffic.totals.errors / traffic.totals.calls) : '–'),
          },
          { name: 'Tokens in', value: value(formatCompact(traffic?.totals.inputTokens ?? 0)) },
          { name: 'Tokens out', value: value(formatCompact(traffic?.totals.outputTokens ?? 0)) },
        ]}
      />
    </Card>
  );
}

function AboutCard({ agent }: { agent: Agent }) {
  return (
    <Card title="About">
      <KeyValues
        narrow
        items={[
          { name: 'Id', value: <Copyable text={agent.id} what="agent id" /> },
          { name: 'Made', value: formatMoment(new Date(agent.createdAt)) },
          { name: 'Changed', value: formatMoment(new Date(agent.updatedAt)) },
          { name: 'Policies', value: <Link href={`/policies?agent=${agent.id}`}>What applies to it</Link> },
        ]}
      />
    </Card>
  );
}

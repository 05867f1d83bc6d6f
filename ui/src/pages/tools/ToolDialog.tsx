import { useState } from 'react';
import { Link } from 'wouter';
import type { Tool } from '@/api/types.ts';
import { Button, ButtonLink } from '@/components/Button.tsx';
import { CodeBlock } from '@/components/Copy.tsx';
import { ConfirmDialog, Dialog } from '@/components/Dialog.tsx';
import { Field, Switch } from '@/components/Field.tsx';
import { Select } from '@/components/Select.tsx';
import { ErrorState, Skeleton } from '@/components/states.tsx';
import { toast, toastError } from '@/components/Toast.tsx';
import { useAgentsById } from '@/pages/agents/agents_data.ts';
import { InvocationBadge, ModeBadge, TrustBadge } from '@/pages/policies/badges.tsx';
import { useInvocationPolicies, useTrustedPolicies } from '@/pages/policies/policies_data.ts';
import { invocationWords, trustedWords } from '@/pages/policies/policy_words.ts';
import { invocationPoliciesFor, trustedPoliciesFor, verdictOf } from '@/pages/policies/verdict.ts';
import { kTreatments, useForgetTool, useSetTool, useTool } from './tools_data.ts';
import styles from './ToolsPage.module.css';
import { VerdictBadge } from './VerdictBadge.tsx';

/** All about one tool: why its calls pass or not, and what it was declared with. Closed where `id` is ''. */
export function ToolDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const tool = useTool(id);
  const [isForgetting, setIsForgetting] = useState(false);
  const forget = useForgetTool();
  const agent = useAgentsById().get(tool.data?.agentId ?? '');
  const query = tool.data && `?tool=${encodeURIComponent(tool.data.name)}&agent=${tool.data.agentId}`;
  return (
    <>
      <Dialog
        isOpen={id !== ''}
        onClose={onClose}
        wide
        title={tool.data === undefined ? 'Tool' : <bdi className={styles['name']}>{tool.data.name}</bdi>}
        description={agent === undefined ? ' ' : <>A tool of <bdi>{agent.name}</bdi></>}
        footer={
          <div className={styles['foot']}>
            <Button kind="quiet" disabled={tool.data === undefined} onClick={() => setIsForgetting(true)}>
              Forget
            </Button>
            <ButtonLink href={`/policies/invocation/new${query ?? ''}`} kind="primary">
              New policy for its calls
            </ButtonLink>
          </div>
        }
      >
        <div className={styles['dialog']}>
          {tool.isError ? (
            <ErrorState error={tool.error} onRetry={() => void tool.refetch()} />
          ) : tool.data === undefined ? (
            <Skeleton height="8rem" />
          ) : (
            <About tool={tool.data} resultsQuery={query ?? ''} />
          )}
        </div>
      </Dialog>
      <ConfirmDialog
        isOpen={isForgetting}
        onClose={() => setIsForgetting(false)}
        title="Forget this tool?"
        confirm="Forget tool"
        isBusy={forget.isPending}
        problem={forget.error?.message ?? null}
        onConfirm={() =>
          forget.mutate(id, {
            onSuccess: () => {
              setIsForgetting(false);
              toast('Tool forgotten', tool.data?.name);
              onClose();
            },
          })
        }
      >
        Its two settings go. It comes back with its defaults once a request declares it again; policies stay.
      </ConfirmDialog>
    </>
  );
}

function About({ tool, resultsQuery }: { tool: Tool; resultsQuery: string }) {
  const agent = useAgentsById().get(tool.agentId);
  const invocation = useInvocationPolicies();
  const trusted = useTrustedPolicies();
  const set = useSetTool();
  const onError = (error: Error) => toastError('The tool was not changed', error);
  const calls = invocation.data && invocationPoliciesFor(tool, invocation.data);
  const results = trusted.data && trustedPoliciesFor(tool, trusted.data);
  const verdict = agent && calls && verdictOf(tool, agent, calls);
  // Agents of policies for one agent are this one: policies of others do not apply.
  const nameOf = (agentId: string | null) => (agentId === null ? null : (agent?.name ?? agentId));
  return (
    <>
      {tool.description !== '' && (
        // It may be long and then scrolls, so the keyboard has to be able to reach it.
        <div className={styles['text']} dir="auto" tabIndex={0} role="region" aria-label="Description">
          {tool.description}
        </div>
      )}
      <section className={styles['section']}>
        <h3>Calls</h3>
        <p className={styles['verdict']}>
          {verdict === undefined ? <Skeleton width="14rem" /> : <><VerdictBadge verdict={verdict} /> {verdict.why}</>}
        </p>
        <ul className={styles['policies']}>
          {calls?.map((policy) => (
            <li key={policy.id}>
              <InvocationBadge policy={policy} /> <ModeBadge mode={policy.mode} />
              <Link href={`/policies/invocation/${policy.id}`}>{invocationWords(policy, nameOf(policy.agentId))}</Link>
            </li>
          ))}
        </ul>
        <Switch
          checked={tool.usableWithUntrustedData}
          label="Usable with untrusted data"
          hint="It may be called in an untrusted context although its agent refuses that."
          onChange={(usableWithUntrustedData) => set.mutate({ id: tool.id, change: { usableWithUntrustedData } }, { onError })}
        />
      </section>
      <section className={styles['section']}>
        <h3>Results</h3>
        <ul className={styles['policies']}>
          {results?.map((policy) => (
            <li key={policy.id}>
              <TrustBadge policy={policy} />
              <Link href={`/policies/trusted/${policy.id}`}>{trustedWords(policy, nameOf(policy.agentId))}</Link>
            </li>
          ))}
        </ul>
        <Field
          label={results?.length ? 'Results that no policy marks are' : 'Its results are'}
          hint="An untrusted result makes the context untrusted for all that follows."
        >
          {(ids) => (
            <Select
              {...ids}
              value={tool.resultTreatment}
              options={kTreatments}
              onChange={(value) =>
                set.mutate({ id: tool.id, change: { resultTreatment: value as Tool['resultTreatment'] } }, { onError })
              }
            />
          )}
        </Field>
        <p>
          <Link href={`/policies/trusted/new${resultsQuery}`}>New policy for its results</Link>
        </p>
      </section>
      {tool.parameters !== null && tool.parameters !== undefined && (
        <section className={styles['section']}>
          <h3>Parameters</h3>
          <CodeBlock code={JSON.stringify(tool.parameters, null, 2)} what="JSON schema" />
        </section>
      )}
    </>
  );
}

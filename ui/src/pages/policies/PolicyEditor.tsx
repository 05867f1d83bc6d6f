import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Plus, Trash2, X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { Condition, ToolInvocationPolicy, TrustedDataPolicy } from '@/api/types.ts';
import { Button, ButtonLink, IconButton } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { Suggest } from '@/components/Combobox.tsx';
import { ConfirmDialog } from '@/components/Dialog.tsx';
import { Field, Input, TextArea } from '@/components/Field.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { RadioList } from '@/components/RadioList.tsx';
import { Select } from '@/components/Select.tsx';
import { EmptyState, ErrorState, Notice } from '@/components/states.tsx';
import { toast } from '@/components/Toast.tsx';
import { useDebounced } from '@/lib/use_debounced.ts';
import { AgentPicker } from '@/pages/agents/AgentPicker.tsx';
import { useAgentsById } from '@/pages/agents/agents_data.ts';
import { useArgumentPaths, useToolNames } from '@/pages/tools/tools_data.ts';
import {
  checkPolicy,
  useDeletePolicy,
  useInvocationPolicies,
  useOperators,
  useSavePolicy,
  useTrustedPolicies,
  type Kind,
} from './policies_data.ts';
import styles from './PolicyEditor.module.css';
import {
  emptyForm,
  kActions,
  kModes,
  placeOfProblem,
  toBody,
  toForm,
  type ConditionRow,
  type PolicyForm,
} from './policy_form.ts';
import { invocationWords, trustedWords } from './policy_words.ts';

const kTitles: Record<Kind, { make: string; edit: string; back: { href: string; label: string } }> = {
  invocation: {
    make: 'New policy for tool calls',
    edit: 'Policy for tool calls',
    back: { href: '/policies', label: 'Policies for tool calls' },
  },
  trusted: {
    make: 'New policy for tool results',
    edit: 'Policy for tool results',
    back: { href: '/policies?kind=trusted', label: 'Policies for tool results' },
  },
};

/** Makes a policy, or changes the one with this id. */
export function PolicyEditor({ kind, id }: { kind: Kind; id: string | undefined }) {
  const given = new URLSearchParams(useSearch());
  const invocation = useInvocationPolicies();
  const trusted = useTrustedPolicies();
  const titles = kTitles[kind];
  if (id === undefined)
    return (
      <>
        <PageHeader title={titles.make} back={titles.back} />
        <Editor
          kind={kind}
          id={undefined}
          initial={emptyForm(kind, given.get('tool') ?? '', given.get('agent') ?? '')}
          back={titles.back.href}
        />
      </>
    );
  const query = kind === 'invocation' ? invocation : trusted;
  const policy = (query.data as (ToolInvocationPolicy | TrustedDataPolicy)[] | undefined)?.find((one) => one.id === id);
  return (
    <>
      <PageHeader title={titles.edit} back={titles.back} actions={policy && <DeletePolicy kind={kind} id={id} back={titles.back.href} />} />
      {policy !== undefined ? (
        <Editor kind={kind} id={id} initial={toForm(policy)} back={titles.back.href} />
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <div className={styles['waiting']} />
      ) : (
        <EmptyState title="There is no such policy" action={<ButtonLink href={titles.back.href}>See all policies</ButtonLink>}>
          It may have been deleted, or its address is mistyped.
        </EmptyState>
      )}
    </>
  );
}

function DeletePolicy({ kind, id, back }: { kind: Kind; id: string; back: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const [, navigate] = useLocation();
  const remove = useDeletePolicy(kind);
  return (
    <>
      <Button icon={<Trash2 aria-hidden="true" />} onClick={() => setIsOpen(true)}>
        Delete
      </Button>
      <ConfirmDialog
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        title="Delete this policy?"
        confirm="Delete policy"
        isBusy={remove.isPending}
        problem={remove.error?.message ?? null}
        onConfirm={() =>
          remove.mutate(id, {
            onSuccess: () => {
              toast('Policy deleted');
              navigate(back);
            },
          })
        }
      >
        The next call is judged without it. This cannot be undone.
      </ConfirmDialog>
    </>
  );
}

/** What the server says of the draft, once nobody types any more. */
function useCheck(kind: Kind, form: PolicyForm) {
  const settled = useDebounced(JSON.stringify(toBody(kind, form)), 300);
  const check = useQuery({
    queryKey: ['policy-check', kind, settled],
    queryFn: ({ signal }) => checkPolicy(kind, JSON.parse(settled) as ReturnType<typeof toBody>, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    retry: false,
  });
  return check.data?.problem ?? null;
}

function Editor({ kind, id, initial, back }: { kind: Kind; id: string | undefined; initial: PolicyForm; back: string }) {
  const [form, setForm] = useState(initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(() => new Set(initial.tool === '' ? [] : ['tool']));
  const [, navigate] = useLocation();
  const names = useToolNames(form.agentId);
  const agent = useAgentsById().get(form.agentId);
  const save = useSavePolicy(kind, id);
  const checked = useCheck(kind, form);

  const set = (change: Partial<PolicyForm>) => {
    setForm((before) => ({ ...before, ...change }));
    save.reset();
  };
  const touch = (field: string) => setTouched((before) => new Set(before).add(field));

  const problem = save.error?.message ?? checked;
  const place = problem === null ? null : placeOfProblem(problem);
  // Nobody is told that something is missing before there was a chance to fill it in.
  const isShown = place !== null && (save.isError || place.field !== 'tool' || touched.has('tool'));
  const at = (field: string) => (isShown && place.field === field ? place.text : null);
  const agentName = form.agentId === '' ? null : (agent?.name ?? 'the agent');
  const body = toBody(kind, form);
  const words =
    'mode' in body
      ? invocationWords({ ...form, action: form.action as ToolInvocationPolicy['action'] }, agentName)
      : trustedWords({ ...form, action: form.action as TrustedDataPolicy['action'], description: form.text }, agentName);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(body, {
      onSuccess: () => {
        toast(id === undefined ? 'Policy made' : 'Policy saved', 'The next call is judged by it.');
        navigate(back);
      },
    });
  };
  return (
    <form onSubmit={submit} className={styles['columns']} noValidate>
      <div className={styles['form']}>
        <Card title={kind === 'invocation' ? 'Which calls' : 'Which results'}>
          <div className={styles['fields']}>
            <div className={styles['two']}>
              <Field label="Tool" problem={at('tool')} hint="Any name: it need not be known yet.">
                {(ids) => (
                  <Suggest
                    {...ids}
                    value={form.tool}
                    onChange={(tool) => set({ tool })}
                    onBlur={() => touch('tool')}
                    suggestions={names.data ?? []}
                    placeholder="send_email"
                  />
                )}
              </Field>
              <Field label="Agent" problem={at('agentId')} hint={kind === 'invocation' ? 'Whose model calls it.' : 'To whom it answers.'}>
                {(ids) => <AgentPicker {...ids} value={form.agentId} onChange={(agentId) => set({ agentId })} />}
              </Field>
            </div>
            <Conditions
              kind={kind}
              form={form}
              onChange={(conditions) => set({ conditions })}
              problem={isShown && place.field === 'condition' ? place : null}
            />
            {at('conditions') && (
              <p role="alert" className={styles['problem']}>
                {at('conditions')}
              </p>
            )}
          </div>
        </Card>
        <Card title="What happens">
          <div className={styles['fields']}>
            <RadioList label="Action" value={form.action} onChange={(action) => set({ action })} options={kActions[kind]} />
            {kind === 'invocation' && (
              <RadioList
                label="Mode"
                value={form.mode}
                onChange={(mode) => set({ mode: mode as PolicyForm['mode'] })}
                options={kModes}
              />
            )}
            <Field
              label={kind === 'invocation' ? 'Reason' : 'Description'}
              optional
              problem={at('text')}
              hint={
                kind === 'invocation'
                  ? 'Told to the model and to the user, so that they can go on.'
                  : 'Where the policy blocks, it stands in the place of the result.'
              }
            >
              {(ids) => (
                <TextArea
                  {...ids}
                  rows={2}
                  dir="auto"
                  value={form.text}
                  onChange={(event) => set({ text: event.target.value })}
                  placeholder={kind === 'invocation' ? 'Mail goes to example.com only.' : 'Our own books.'}
                />
              )}
            </Field>
          </div>
        </Card>
      </div>
      <div className={styles['side']}>
        <Card title="In words">
          <p className={styles['words']} aria-live="polite">
            {words}
          </p>
        </Card>
        {at('form') && <Notice tone="bad">{at('form')}</Notice>}
        <div className={styles['actions']}>
          <Button
            type="submit"
            kind="primary"
            isBusy={save.isPending}
            disabled={form.tool.trim() === '' || (checked !== null && !save.isPending)}
          >
            {id === undefined ? 'Create policy' : 'Save changes'}
          </Button>
          <ButtonLink href={back} kind="quiet">
            Cancel
          </ButtonLink>
        </div>
      </div>
    </form>
  );
}

function Conditions({
  kind,
  form,
  onChange,
  problem,
}: {
  kind: Kind;
  form: PolicyForm;
  onChange: (conditions: ConditionRow[]) => void;
  problem: { index?: number; part?: 'key' | 'value'; text: string } | null;
}) {
  const operators = useOperators();
  const paths = useArgumentPaths(kind === 'invocation' ? useDebounced(form.tool) : '', form.agentId);
  const list = useRef<HTMLUListElement>(null);
  const addButton = useRef<HTMLButtonElement>(null);
  const toFocus = useRef(false);
  useEffect(() => {
    if (!toFocus.current) return;
    toFocus.current = false;
    list.current?.querySelector<HTMLInputElement>(':scope > li:last-child input')?.focus();
  }, [form.conditions.length]);
  const add = () => {
    toFocus.current = true;
    onChange([
      ...form.conditions,
      { key: '', operator: 'contains', value: '', row: 1 + Math.max(-1, ...form.conditions.map(({ row }) => row)) },
    ]);
  };
  const choices = (operators.data ?? []).map(({ name }) => ({ value: name, label: kOperatorNames[name] ?? name }));
  return (
    <fieldset className={styles['conditions']}>
      <legend>Conditions</legend>
      <p className={styles['hint']}>
        {form.conditions.length === 0
          ? kind === 'invocation'
            ? 'Without one it looks at every call of the tool.'
            : 'Without one it looks at every result of the tool.'
          : 'All of them have to hold.'}
      </p>
      <ul ref={list}>
        {form.conditions.map((condition, index) => (
          <ConditionFields
            key={condition.row}
            number={index + 1}
            condition={condition}
            whole={kind === 'invocation' ? 'all arguments' : 'whole result'}
            paths={paths.data ?? []}
            operators={choices}
            description={operators.data?.find(({ name }) => name === condition.operator)?.description ?? ''}
            problem={problem?.index === index ? problem : null}
            onChange={(change) =>
              onChange(form.conditions.map((other) => (other === condition ? { ...condition, ...change } : other)))
            }
            onRemove={() => {
              onChange(form.conditions.filter((other) => other !== condition));
              addButton.current?.focus();
            }}
          />
        ))}
      </ul>
      <div>
        <Button ref={addButton} small icon={<Plus aria-hidden="true" />} onClick={add}>
          Add condition
        </Button>
      </div>
    </fieldset>
  );
}

const kOperatorNames: Partial<Record<string, string>> = {
  equal: 'is',
  notEqual: 'is not',
  contains: 'contains',
  notContains: 'does not contain',
  startsWith: 'begins with',
  endsWith: 'ends with',
  regex: 'matches pattern',
};

function ConditionFields({
  number,
  condition,
  whole,
  paths,
  operators,
  description,
  problem,
  onChange,
  onRemove,
}: {
  number: number;
  condition: Condition;
  whole: string;
  paths: string[];
  operators: { value: string; label: string }[];
  description: string;
  problem: { part?: 'key' | 'value'; text: string } | null;
  onChange: (change: Partial<Condition>) => void;
  onRemove: () => void;
}) {
  const id = useId();
  return (
    <li className={styles['condition']}>
      <div className={styles['key']}>
        <Suggest
          value={condition.key}
          onChange={(key) => onChange({ key })}
          suggestions={paths}
          label={`Where, condition ${number}`}
          placeholder={whole}
          aria-describedby={id}
          aria-invalid={problem?.part === 'key' || undefined}
        />
      </div>
      <div className={styles['operator']}>
        <Select
          label={`Operator, condition ${number}`}
          value={condition.operator}
          options={operators.length > 0 ? operators : [{ value: condition.operator, label: condition.operator }]}
          onChange={(operator) => onChange({ operator: operator as Condition['operator'] })}
        />
      </div>
      <div className={styles['value']}>
        <Input
          aria-label={`Value, condition ${number}`}
          aria-describedby={id}
          aria-invalid={problem?.part === 'value' || undefined}
          spellCheck={false}
          autoComplete="off"
          placeholder={condition.operator === 'regex' ? '^\\d{4,}$' : 'value'}
          value={condition.value}
          onChange={(event) => onChange({ value: event.target.value })}
        />
      </div>
      <IconButton label={`Remove condition ${number}`} icon={<X aria-hidden="true" />} onClick={onRemove} />
      <p id={id} className={styles['outcome']} data-wrong={problem !== null || undefined} aria-live="polite">
        {problem === null ? description : problem.text}
      </p>
    </li>
  );
}

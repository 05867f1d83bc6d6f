import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useEffect, useId, useRef } from 'react';
import { api } from '@/api/client.ts';
import type { LabelsCheck } from '@/api/types.ts';
import { Button, IconButton } from '@/components/Button.tsx';
import { Suggest } from '@/components/Combobox.tsx';
import { useDebounced } from '@/lib/use_debounced.ts';
import { filledLabels, type LabelRow } from './agent_form.ts';
import { useLabelKeys, useLabelValues } from './agents_data.ts';
import styles from './LabelsEditor.module.css';

/** What the server makes of labels, asked for once nobody types any more. */
export function useLabelsCheck(rows: LabelRow[]) {
  const filled = filledLabels(rows).map(({ key, value }) => ({ key, value }));
  const settled = useDebounced(JSON.stringify(filled), 250);
  const check = useQuery({
    queryKey: ['labels', 'check', settled],
    queryFn: ({ signal }) =>
      api.post('/api/agents/labels/check', { body: { labels: JSON.parse(settled) as typeof filled }, signal }),
    enabled: settled !== '[]',
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    retry: false,
  });
  return settled === '[]' ? undefined : check.data;
}

/** The labels of an agent: rows of key and value, each with what becomes of it, or what is wrong with it. */
export function LabelsEditor({
  rows,
  onChange,
  check,
}: {
  rows: LabelRow[];
  onChange: (rows: LabelRow[]) => void;
  check: LabelsCheck | undefined;
}) {
  const keys = useLabelKeys();
  const list = useRef<HTMLUListElement>(null);
  const addButton = useRef<HTMLButtonElement>(null);
  const toFocus = useRef(false);
  const filled = filledLabels(rows);

  // Who adds a label wants to type into it.
  useEffect(() => {
    if (!toFocus.current) return;
    toFocus.current = false;
    list.current?.querySelector<HTMLInputElement>(':scope > li:last-child input')?.focus();
  }, [rows.length]);

  const add = () => {
    toFocus.current = true;
    onChange([...rows, { key: '', value: '', row: 1 + Math.max(-1, ...rows.map(({ row }) => row)) }]);
  };
  const free = (keys.data ?? []).filter((key) => !rows.some((row) => row.key === key));
  return (
    <div className={styles['labels']}>
      <ul ref={list}>
        {rows.map((row) => {
          const found = check?.labels[filled.indexOf(row)];
          return (
            <Row
              key={row.row}
              row={row}
              keys={free}
              // What was found out about the text before is not about this one.
              check={found?.key === row.key ? found : undefined}
              onChange={(change) => onChange(rows.map((other) => (other === row ? { ...row, ...change } : other)))}
              onRemove={() => {
                onChange(rows.filter((other) => other !== row));
                addButton.current?.focus();
              }}
            />
          );
        })}
      </ul>
      {check?.problem && (
        <p className={styles['problem']} role="alert">
          {check.problem}
        </p>
      )}
      <div>
        <Button ref={addButton} small icon={<Plus aria-hidden="true" />} onClick={add}>
          Add label
        </Button>
      </div>
    </div>
  );
}

function Row({
  row,
  keys,
  check,
  onChange,
  onRemove,
}: {
  row: LabelRow;
  keys: string[];
  check: LabelsCheck['labels'][number] | undefined;
  onChange: (change: { key?: string; value?: string }) => void;
  onRemove: () => void;
}) {
  const id = useId();
  const values = useLabelValues(keys.includes(row.key) ? '' : row.key);
  const name = row.key === '' ? 'new label' : `label ${row.key}`;
  const isWrong = check?.problem ? true : undefined;
  return (
    <li className={styles['row']}>
      <Suggest
        value={row.key}
        onChange={(key) => onChange({ key })}
        suggestions={keys}
        label="Key"
        placeholder="key"
        aria-describedby={id}
        aria-invalid={isWrong}
      />
      <Suggest
        value={row.value}
        onChange={(value) => onChange({ value })}
        suggestions={values.data ?? []}
        label={row.key === '' ? 'Value' : `Value of ${row.key}`}
        placeholder="value"
        aria-describedby={id}
      />
      <IconButton label={`Remove ${name}`} icon={<X aria-hidden="true" />} onClick={onRemove} />
      <p id={id} className={styles['outcome']} data-wrong={isWrong} aria-live="polite">
        {check === undefined ? (
          ''
        ) : check.problem ? (
          check.problem
        ) : (
          <>
            <span>
              metrics <code>{check.metricLabel}</code>
            </span>
            <span>
              spans <code>{check.spanAttribute}</code>
            </span>
          </>
        )}
      </p>
    </li>
  );
}

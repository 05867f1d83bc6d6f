import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import { cx } from './cx.ts';

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent';

/** A word about the state of something. The word says it; the colour only helps. */
export function Badge({ tone = 'neutral', dot = false, children }: { tone?: Tone; dot?: boolean; children: ReactNode }) {
  return (
    <span className={cx(styles['badge'], styles[tone])}>
      {dot && <span className={styles['dot']} aria-hidden="true" />}
      {children}
    </span>
  );
}

/** A label of an agent, key and value. */
export function LabelChip({ name, value }: { name: string; value: string }) {
  return (
    <span className={styles['chip']} title={`${name}: ${value}`}>
      <span className={styles['chipKey']}>{name}</span>
      <span className={styles['chipValue']}>{value === '' ? '(empty)' : value}</span>
    </span>
  );
}

export function LabelChips({ labels }: { labels: { key: string; value: string }[] }) {
  return (
    <ul className={styles['chips']}>
      {labels.map((label) => (
        <li key={label.key}>
          <LabelChip name={label.key} value={label.value} />
        </li>
      ))}
    </ul>
  );
}

import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './FilterChip.module.css';

/** A filter that is set, with a way to be rid of it. */
export function FilterChip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <span className={styles['chip']}>
      <span className={styles['name']}>{name}</span>
      <span className="truncate">{value}</span>
      <button type="button" aria-label={`Remove filter ${name}: ${value}`} onClick={onRemove}>
        <X aria-hidden="true" />
      </button>
    </span>
  );
}

/** The row of filters above what they filter. */
export function Toolbar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles['toolbar']} role="group" aria-label={label}>
      {children}
    </div>
  );
}

import { useId, type ReactNode } from 'react';
import styles from './Card.module.css';
import { cx } from './cx.ts';

/** A part of a page with its heading; `flush` for tables, which bring their own space. */
export function Card({
  title,
  hint,
  actions,
  flush = false,
  className,
  children,
}: {
  title?: ReactNode;
  hint?: ReactNode;
  actions?: ReactNode;
  flush?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={cx(styles['card'], className)} aria-labelledby={title ? id : undefined}>
      {title && (
        <header className={styles['header']}>
          <div className={styles['heading']}>
            <h2 id={id} className={styles['title']}>
              {title}
            </h2>
            {hint && <p className={styles['hint']}>{hint}</p>}
          </div>
          {actions && <div className={styles['actions']}>{actions}</div>}
        </header>
      )}
      <div className={cx(styles['body'], flush && styles['flush'])}>{children}</div>
    </section>
  );
}

/** A figure with its name. */
export function Stat({ label, value, detail }: { label: ReactNode; value: ReactNode; detail?: ReactNode }) {
  return (
    <div className={styles['stat']}>
      <dt className={styles['statLabel']}>{label}</dt>
      <dd className={styles['statValue']}>{value}</dd>
      {detail !== undefined && <dd className={styles['statDetail']}>{detail}</dd>}
    </div>
  );
}

/** Names and what they stand for, one beside the other; `narrow` for columns beside the page's main one. */
export function KeyValues({ items, narrow = false }: { items: { name: ReactNode; value: ReactNode }[]; narrow?: boolean }) {
  return (
    <dl className={cx(styles['keyValues'], narrow && styles['narrow'])}>
      {items.map((item, index) => (
        <div key={index}>
          <dt>{item.name}</dt>
          <dd>{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}

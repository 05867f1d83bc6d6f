// What stands where there is nothing (yet): each says what to do next.

import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '@/api/client.ts';
import { Button } from './Button.tsx';
import { cx } from './cx.ts';
import styles from './states.module.css';

export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles['state']}>
      {icon && <div className={styles['icon']}>{icon}</div>}
      <p className={styles['title']}>{title}</p>
      {children && <p className={styles['text']}>{children}</p>}
      {action && <div className={styles['action']}>{action}</div>}
    </div>
  );
}

function advice(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Reload the page; if it happens again, the log of the gateway may say why.';
  if (error.status === 0) return 'Start it, or look into its log, then try again.';
  if (error.status === 503) return 'It may pass: try again in a moment.';
  if (error.status === 404) return 'It may have been deleted meanwhile.';
  return 'Try again; if it happens again, the log of the gateway may say why.';
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const message = error instanceof Error ? error.message : 'Something went wrong.';
  return (
    <div className={styles['state']} role="alert">
      <div className={cx(styles['icon'], styles['bad'])}>
        <CircleAlert aria-hidden="true" />
      </div>
      <p className={styles['title']}>{message}</p>
      <p className={styles['text']}>{advice(error)}</p>
      {onRetry && (
        <div className={styles['action']}>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
    </div>
  );
}

/** A grey bar as large as what will stand there. */
export function Skeleton({ width = '100%', height = '1em' }: { width?: string | number; height?: string | number }) {
  return <span className={styles['skeleton']} style={{ width, height }} aria-hidden="true" />;
}

/** A line above a page or a card that needs attention. */
export function Notice({ tone = 'neutral', children }: { tone?: 'neutral' | 'warn' | 'bad'; children: ReactNode }) {
  return (
    <div className={cx(styles['notice'], styles[`notice-${tone}`])} role={tone === 'bad' ? 'alert' : 'status'}>
      <CircleAlert aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}

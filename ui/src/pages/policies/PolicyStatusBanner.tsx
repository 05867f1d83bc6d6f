import { Notice } from '@/components/states.tsx';
import { formatMoment } from '@/format/time.ts';
import styles from './PolicyStatusBanner.module.css';
import { usePolicyStatus } from './policies_data.ts';

/** Says so where the policies that are stored cannot be used, and older ones are in force. */
export function PolicyStatusBanner() {
  const { data } = usePolicyStatus();
  const error = data?.error ?? null;
  if (data === undefined || error === null) return null;
  return (
    <div className={styles['banner']}>
      <Notice tone="bad">
        <strong>The stored policies cannot be used since {formatMoment(new Date(error.since))}.</strong> Those that were loaded at{' '}
        {formatMoment(new Date(data.loaded))} stay in force. {error.message}
        {error.id !== null && (
          <>
            {' '}
            At fault is <code>{error.id}</code>: correct or delete it.
          </>
        )}
      </Notice>
    </div>
  );
}

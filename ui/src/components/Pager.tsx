import { ChevronLeft, ChevronRight } from 'lucide-react';
import { formatCount } from '@/format/numbers.ts';
import { IconButton } from './Button.tsx';
import styles from './Pager.module.css';

/** Leads through the pages of a list; `offset` is the number of rows before the page. */
export function Pager({
  offset,
  limit,
  total,
  onChange,
  what,
}: {
  offset: number;
  limit: number;
  total: number;
  onChange: (offset: number) => void;
  /** What the rows are ("agents"). */
  what: string;
}) {
  if (total === 0) return null;
  const last = Math.min(offset + limit, total);
  return (
    <nav className={styles['pager']} aria-label={`Pages of ${what}`}>
      <span aria-live="polite">
        {offset === 0 && last === total
          ? `${formatCount(total)} ${what}`
          : `${formatCount(offset + 1)}–${formatCount(last)} of ${formatCount(total)} ${what}`}
      </span>
      {total > limit && (
        <span className={styles['buttons']}>
          <IconButton
            small
            label="Previous page"
            icon={<ChevronLeft aria-hidden="true" />}
            disabled={offset === 0}
            onClick={() => onChange(Math.max(0, offset - limit))}
          />
          <IconButton
            small
            label="Next page"
            icon={<ChevronRight aria-hidden="true" />}
            disabled={last >= total}
            onClick={() => onChange(offset + limit)}
          />
        </span>
      )}
    </nav>
  );
}

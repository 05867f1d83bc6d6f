import { useLive, useLiveState, type Live } from '@/api/live.ts';
import type { LiveSecond } from '@/api/types.ts';
import { Sparkline } from '@/charts/Sparkline.tsx';
import { cx } from '@/components/cx.ts';
import { formatCompact, formatSeconds } from '@/format/numbers.ts';
import styles from './LiveStrip.module.css';

// Single seconds jump about; a figure that can be read is the mean of a few.
const kMeanSeconds = 5;
const kFreshSeconds = 10;

interface Figure {
  label: string;
  value: string;
  values: (number | null)[];
  color?: string;
}

function mean(seconds: LiveSecond[], of: (second: LiveSecond) => number): number | null {
  const last = seconds.slice(-kMeanSeconds);
  return last.length === 0 ? null : last.reduce((sum, second) => sum + of(second), 0) / last.length;
}

function newest(seconds: LiveSecond[], of: (second: LiveSecond) => number | null | undefined): number | null {
  return seconds.slice(-kFreshSeconds).map(of).findLast((value) => value !== null && value !== undefined) ?? null;
}

function figuresOf({ seconds }: Live): Figure[] {
  const rate = (label: string, of: (second: LiveSecond) => number, color?: string): Figure => ({
    label,
    value: formatCompact(mean(seconds, of)),
    values: seconds.map(of),
    ...(color ? { color } : {}),
  });
  const duration = (label: string, of: (second: LiveSecond) => number | null | undefined): Figure => ({
    label,
    value: formatSeconds(newest(seconds, of)),
    values: seconds.map((second) => of(second) ?? null),
  });
  return [
    rate('Calls/s', (second) => second.calls),
    rate('Failed/s', (second) => second.errors, '--bad'),
    {
      label: 'In flight',
      value: formatCompact(seconds.at(-1)?.inFlight ?? null),
      values: seconds.map((second) => second.inFlight),
    },
    rate('Tokens/s in', (second) => second.inputTokens),
    rate('Tokens/s out', (second) => second.outputTokens),
    rate('Blocked/s', (second) => second.blockedToolCalls),
    duration('Latency, p50', (second) => second.latency?.p50),
    duration('First token, p50', (second) => second.timeToFirstToken?.p50),
    duration('Gateway, p50', (second) => second.gateway?.p50),
  ];
}

const states = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' };

/** Whether what is shown is of this second. */
export function LiveState() {
  const state = useLiveState();
  return (
    <p className={cx(styles['state'], styles[state])} role="status">
      <span className={styles['dot']} aria-hidden="true" />
      {states[state]}
    </p>
  );
}

/** The last two minutes as they happen. */
export function LiveStrip() {
  return (
    <section aria-label="Live, the last two minutes">
      <dl className={styles['strip']}>
        {figuresOf(useLive()).map((figure) => (
          <div key={figure.label} className={styles['figure']}>
            <dt>{figure.label}</dt>
            <dd className={styles['value']}>{figure.value}</dd>
            <dd>
              <Sparkline values={figure.values} {...(figure.color ? { color: figure.color } : {})} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

import { useMemo } from 'react';
import type { CallDetails } from '@/api/types.ts';
import { cx } from '@/components/cx.ts';
import { formatSeconds } from '@/format/numbers.ts';
import styles from './Waterfall.module.css';
import { axisTicks, phaseNames, place, waterfallEnd, waterfallRows, type PhaseKind, type WaterfallRow } from './waterfall.ts';

/** Where the time of a call went. Each bar is said in words below its name as well. */
export function Waterfall({ call }: { call: CallDetails }) {
  const rows = useMemo(() => waterfallRows(call), [call]);
  const end = waterfallEnd(rows);
  return (
    <div className={styles['waterfall']}>
      <div className={styles['axis']} aria-hidden="true">
        {axisTicks(end).map((tick) => (
          <span key={tick} style={{ left: place(tick, tick, end).left }}>
            {tick === 0 ? '0' : formatSeconds(tick)}
          </span>
        ))}
      </div>
      <ol className={styles['rows']}>
        {rows.map((row) => (
          <Row key={row.key} row={row} end={end} />
        ))}
      </ol>
    </div>
  );
}

function Row({ row, end }: { row: WaterfallRow; end: number }) {
  const isPause = row.phases[0]?.kind === 'pause';
  return (
    <li className={styles['row']}>
      <div className={styles['name']}>
        <span className={cx(styles['title'], row.isBad && styles['bad'])}>{row.name}</span>
        <span className={styles['duration']}>{formatSeconds(row.to - row.from)}</span>
        {row.detail !== '' && <span className={cx(styles['detail'], 'truncate')}>{row.detail}</span>}
      </div>
      <div className={styles['track']} aria-hidden="true">
        {axisTicks(end).map((tick) => (
          <span key={tick} className={styles['line']} style={{ left: place(tick, tick, end).left }} />
        ))}
        <span className={cx(styles['whole'], isPause && styles['hidden'])} style={place(row.from, row.to, end)} />
        {row.phases.map((phase) => (
          <span
            key={phase.from}
            className={cx(styles['phase'], styles[phase.kind])}
            style={place(phase.from, phase.to, end)}
            data-tooltip={`${phaseNames[phase.kind]}: ${formatSeconds(phase.to - phase.from)}`}
          />
        ))}
        {row.stalls.map((stall) => (
          <span
            key={stall.from}
            className={cx(styles['phase'], styles['stall'])}
            style={place(stall.from, stall.to, end)}
            data-tooltip={`Stall: ${formatSeconds(stall.to - stall.from)}`}
          />
        ))}
      </div>
      {!isPause && (
        <p className={styles['words']}>
          {row.phases.map((phase, index) => (
            <Words key={phase.from} kind={phase.kind} text={wordsOf(row, index)} />
          ))}
          {row.relayedAfter !== null && <span>First byte relayed after {formatSeconds(row.relayedAfter)}</span>}
          {row.stalls.map((stall) => (
            <Words
              key={stall.from}
              kind="stall"
              text={`Stall after ${formatSeconds(stall.from - row.from)}: ${formatSeconds(stall.to - stall.from)}`}
            />
          ))}
        </p>
      )}
    </li>
  );
}

function wordsOf(row: WaterfallRow, index: number): string {
  const phase = row.phases[index]!;
  const length = formatSeconds(phase.to - phase.from);
  if (phase.kind !== 'gateway') return `${phaseNames[phase.kind]} ${length}`;
  if (phase.from === row.from && phase.to === row.to) return `In the gateway ${length}`;
  return phase.from === row.from ? `Before the first try ${length}` : `After the last byte came ${length}`;
}

function Words({ kind, text }: { kind: PhaseKind | 'stall'; text: string }) {
  return (
    <span>
      <span className={cx(styles['swatch'], styles[kind])} aria-hidden="true" />
      {text}
    </span>
  );
}

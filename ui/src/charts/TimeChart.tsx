import { ChartLine, Table2 } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import uPlot from 'uplot';
import { useShownTheme } from '@/app/theme.ts';
import { IconButton } from '@/components/Button.tsx';
import { Card } from '@/components/Card.tsx';
import { cx } from '@/components/cx.ts';
import { formatClock, formatDay, formatMinute } from '@/format/time.ts';
import { faded, shownColor } from './colors.ts';
import { describe, hasValues, lonelyPoints, stack, type Values } from './stack.ts';
import styles from './TimeChart.module.css';
import './uplot.css';

export interface Series {
  key: string;
  name: string;
  values: Values;
  /** A token of the style sheet. */
  color: string;
  /** Lines of one colour are told apart by this. */
  dash?: number[];
  /** What the legend shows while nobody points at a moment. */
  total: number | null;
}

interface Props {
  title: string;
  /** What is drawn: "per minute". */
  unit?: string;
  headline?: ReactNode;
  times: number[];
  series: Series[];
  /** Areas on each other, for what can be added up. */
  isStacked?: boolean;
  format: (value: number) => string;
  /** Writes `total` of the series, where that is another figure than the values. */
  formatTotal?: (value: number) => string;
  /** What nothing means here: "No calls in this time". */
  emptyText: string;
  isStale?: boolean;
}

const kHeight = 168;
const kSyncKey = 'archestra';

/** A card with series over time; the same moment is marked in all charts of the page. */
export function TimeChart(props: Props) {
  const { title, unit, headline, times, series, isStacked = false, format, emptyText } = props;
  const formatTotal = props.formatTotal ?? format;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<number | null>(null);
  const [isTable, setIsTable] = useState(false);
  const isEmpty = !hasValues(series.map((one) => one.values));
  const summary = useMemo(() => summaryOf(title, unit, times, series, format), [title, unit, times, series, format]);

  const toggle = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next);
  };
  const moment = at === null ? undefined : times[at];

  return (
    <Card
      title={title}
      hint={moment === undefined ? unit : momentText(moment, times)}
      className={cx(props.isStale && styles['stale'])}
      actions={
        <>
          <span className={styles['headline']}>{headline}</span>
          <IconButton
            small
            label={isTable ? `${title} as chart` : `${title} as table`}
            icon={isTable ? <ChartLine aria-hidden="true" /> : <Table2 aria-hidden="true" />}
            onClick={() => setIsTable(!isTable)}
          />
        </>
      }
    >
      <div className={styles['body']}>
        {isTable ? (
          <ValueTable title={title} times={times} series={series} format={format} />
        ) : (
          <Plot
            times={times}
            series={series}
            hidden={hidden}
            isStacked={isStacked}
            format={format}
            summary={summary}
            onMoment={setAt}
          />
        )}
        {isEmpty && !isTable && (
          <p className={styles['empty']}>
            <span>{emptyText}</span>
          </p>
        )}
      </div>
      <ul className={styles['legend']} style={{ gridTemplateColumns: legendColumns(series) }} aria-label={`Series of ${title}`}>
        {series.map((one) => (
          <li key={one.key}>
            <button
              type="button"
              className={styles['entry']}
              aria-pressed={!hidden.has(one.key)}
              onClick={() => toggle(one.key)}
            >
              <Swatch color={one.color} dash={one.dash} />
              <span className={cx(styles['name'], 'truncate')} title={one.name}>
                {one.name}
              </span>
              <span className={styles['value']}>{valueText(at === null ? one.total : one.values[at], at === null ? formatTotal : format)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

// As many columns as have room for the longest name and a value, so that nothing moves while values change.
function legendColumns(series: Series[]): string {
  const letters = Math.max(...series.map((one) => one.name.length));
  return `repeat(auto-fill, minmax(${Math.min(5 + letters * 0.4, 9)}rem, 1fr))`;
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function momentText(seconds: number, times: number[]): string {
  const date = new Date(seconds * 1000);
  const isLong = (times.at(-1) ?? 0) - (times[0] ?? 0) > 12 * 3600;
  return isLong ? `${formatDay(date)}, ${formatMinute(date)}` : formatClock(date);
}

function summaryOf(title: string, unit: string | undefined, times: number[], series: Series[], format: (value: number) => string) {
  const clock = (seconds: number | undefined) => (seconds === undefined ? '' : formatMinute(new Date(seconds * 1000)));
  const head = `${title}${unit ? `, ${unit}` : ''}, from ${clock(times[0])} to ${clock(times.at(-1))}.`;
  return [head, ...series.map((one) => describe(one.name, one.values, format))].join(' ');
}

/** The look of a series, as in its line. */
export function Swatch({ color, dash }: { color: string; dash?: number[] | undefined }) {
  return (
    <svg width="12" height="10" viewBox="0 0 12 10" aria-hidden="true">
      {dash === undefined ? (
        <rect x="1" y="1" width="9" height="8" rx="2" fill={`var(${color})`} />
      ) : (
        <line x1="0" y1="5" x2="12" y2="5" stroke={`var(${color})`} strokeWidth="2" strokeDasharray={dash.join(' ')} />
      )}
    </svg>
  );
}

function ValueTable({ title, times, series, format }: Pick<Props, 'title' | 'times' | 'series' | 'format'>) {
  return (
    <div className={styles['tableBox']} tabIndex={0} role="region" aria-label={`${title} as table`}>
      <table className={styles['table']}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((one) => (
              <th key={one.key} scope="col">
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{momentText(time, times)}</th>
              {series.map((one) => (
                <td key={one.key}>{valueText(one.values[index], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface PlotProps extends Pick<Props, 'times' | 'series' | 'format'> {
  hidden: ReadonlySet<string>;
  isStacked: boolean;
  summary: string;
  onMoment: (at: number | null) => void;
}

function Plot({ times, series, hidden, isStacked, format, summary, onMoment }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [spoken, setSpoken] = useState('');
  const theme = useShownTheme();
  const id = useId();
  const data = useMemo(() => dataOf(times, series, hidden, isStacked), [times, series, hidden, isStacked]);
  // The chart is built anew where its series or colours are others, not with each new value.
  const look = JSON.stringify([series.map((one) => [one.key, one.color, one.dash]), isStacked, theme]);
  const latest = useRef({ data, series, format, onMoment });
  latest.current = { data, series, format, onMoment };

  useLayoutEffect(() => {
    const element = box.current!;
    const made = new uPlot(optionsOf(element.clientWidth, isStacked, latest), latest.current.data, element);
    plot.current = made;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) made.setSize({ width: Math.floor(entry.contentRect.width), height: kHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [look, isStacked]);

  useEffect(() => {
    plot.current?.setData(data);
    series.forEach((one, index) => {
      if (plot.current?.series[index + 1]?.show === hidden.has(one.key))
        plot.current?.setSeries(index + 1, { show: !hidden.has(one.key) });
    });
  }, [data, hidden, series, look]);

  const onKeyDown = (event: KeyboardEvent) => {
    const chart = plot.current;
    if (chart === null) return;
    const last = times.length - 1;
    const now = chart.cursor.idx ?? last + 1;
    const targets: Record<string, number> = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last };
    const target = targets[event.key];
    if (event.key === 'Escape') chart.setCursor({ left: -10, top: -10 });
    if (target === undefined) return;
    event.preventDefault();
    const at = Math.min(Math.max(target, 0), last);
    chart.setCursor({ left: chart.valToPos(times[at]!, 'x'), top: kHeight / 3 });
    const shown = series.filter((one) => !hidden.has(one.key));
    setSpoken(
      `${momentText(times[at]!, times)}: ${shown.map((one) => `${one.name} ${valueText(one.values[at], format)}`).join(', ')}`,
    );
  };

  return (
    <>
      <div
        ref={box}
        className={styles['plot']}
        tabIndex={0}
        role="img"
        aria-label={summary}
        aria-describedby={id}
        onKeyDown={onKeyDown}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      />
      <span id={id} className="visually-hidden">
        The arrow keys go from moment to moment.
      </span>
      <span className="visually-hidden" role="status">
        {spoken}
      </span>
    </>
  );
}

function dataOf(times: number[], series: Series[], hidden: ReadonlySet<string>, isStacked: boolean): uPlot.AlignedData {
  const values = series.map((one) => one.values);
  return [times, ...(isStacked ? stack(values, (index) => hidden.has(series[index]!.key)) : values)];
}

interface Latest {
  current: { data: uPlot.AlignedData; series: Series[]; format: (value: number) => string; onMoment: (at: number | null) => void };
}

function optionsOf(width: number, isStacked: boolean, latest: Latest): uPlot.Options {
  const { series } = latest.current;
  const text = shownColor('--text-3');
  const line = shownColor('--grid-line');
  const font = '11px "Geist Variable", ui-sans-serif, system-ui, sans-serif';
  const axis: uPlot.Axis = { stroke: text, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width,
    height: kHeight,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: kSyncKey, setSeries: false },
      drag: { x: false, y: false, setScale: false },
      points: { size: 7, width: 2 },
      y: false,
    },
    scales: {
      x: { time: true },
      y: { range: (_chart, _min, max) => [0, max > 0 ? uPlot.rangeNum(0, max, 0.08, true)[1]! : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        gap: 6,
        space: 64,
        values: (_chart, splits) => splits.map((seconds) => formatMinute(new Date(seconds * 1000))),
      },
      {
        ...axis,
        size: 56,
        gap: 6,
        space: 32,
        values: (_chart, splits) => splits.map((value) => latest.current.format(value)),
      },
    ],
    series: [
      {},
      ...series.map((one, index): uPlot.Series => {
        const color = shownColor(one.color);
        const isFilled = isStacked || series.length === 1;
        return {
          label: one.name,
          stroke: color,
          width: 1.5,
          ...(one.dash ? { dash: one.dash } : {}),
          ...(isFilled ? { fill: faded(color, isStacked && series.length > 1 ? 0.22 : 0.12) } : {}),
          points: {
            show: true,
            size: 4,
            fill: color,
            filter: () => lonelyPoints((latest.current.data[index + 1] ?? []) as Values),
          },
        };
      }),
    ],
    ...(isStacked && series.length > 1
      ? {
          bands: series.slice(1).map((_, index): uPlot.Band => ({ series: [index + 1, index + 2] })),
        }
      : {}),
    hooks: {
      setCursor: [
        (chart) => {
          const at = chart.cursor.idx ?? null;
          latest.current.onMoment((chart.cursor.left ?? -1) < 0 ? null : at);
        },
      ],
    },
  };
}

import styles from './Sparkline.module.css';

/** The shape of some figures, without axes; what it says has to be said in words beside it. */
export function Sparkline({
  values,
  max,
  color = '--series-1',
  fill = true,
}: {
  values: (number | null)[];
  /** The highest value of the scale, where several are compared. */
  max?: number;
  color?: string;
  fill?: boolean;
}) {
  const width = 100;
  const height = 24;
  const top = Math.max(max ?? 0, ...values.map((value) => value ?? 0), 1e-9);
  const step = width / Math.max(values.length - 1, 1);
  let line = '';
  let isDown = false;
  values.forEach((value, at) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const y = height - 1.5 - (value / top) * (height - 3);
    line += `${isDown ? 'L' : 'M'}${(at * step).toFixed(2)} ${y.toFixed(2)}`;
    isDown = true;
  });
  const isWhole = values.length > 1 && values.every((value) => value !== null);
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      className={styles['spark']}
      style={{ color: `var(${color})` }}
      aria-hidden="true"
    >
      {fill && isWhole && <path d={`${line}L${width} ${height}L0 ${height}Z`} className={styles['fill']} />}
      <path d={line} className={styles['line']} />
    </svg>
  );
}

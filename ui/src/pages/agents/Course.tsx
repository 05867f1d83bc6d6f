import { Sparkline } from '@/charts/Sparkline.tsx';

/** The calls of the last hour; a grey line where there were none. */
export function Course({ calls }: { calls: number[] | undefined }) {
  const isQuiet = calls === undefined || calls.every((count) => count === 0);
  return isQuiet ? <Sparkline values={[0, 0]} color="--border-strong" fill={false} /> : <Sparkline values={calls} />;
}

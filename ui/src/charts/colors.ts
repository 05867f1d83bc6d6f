/** Colours of series, in the order they are given out; the last is for what is left over. */
export const seriesColors = [
  '--series-1',
  '--series-2',
  '--series-3',
  '--series-4',
  '--series-5',
  '--series-6',
  '--series-7',
] as const;
export const leftOverColor = '--series-8';

/** What a token is on the screen now, for a canvas: `light-dark()` is resolved. */
export function shownColor(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  probe.hidden = true;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

/** A colour of `shownColor`, see-through. */
export function faded(color: string, alpha: number): string {
  const parts = color.match(/[\d.]+/g);
  return parts === null || parts.length < 3 ? color : `rgb(${parts[0]} ${parts[1]} ${parts[2]} / ${alpha})`;
}

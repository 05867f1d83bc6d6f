// A call as rows of a timeline: pure figures, so that what is drawn and what is read aloud are the same.

import type { CallDetails, CallTry } from '../../api/types.ts';

export type PhaseKind = 'gateway' | 'waiting' | 'reasoning' | 'streaming' | 'receiving' | 'ending' | 'pause';

/** A part of a row; seconds since the call began. */
export interface Phase {
  kind: PhaseKind;
  from: number;
  to: number;
}

export interface WaterfallRow {
  key: string;
  name: string;
  detail: string;
  from: number;
  to: number;
  phases: Phase[];
  stalls: { from: number; to: number }[];
  /** From the provider's first byte to the moment when the client's socket had it. */
  relayedAfter: number | null;
  isBad: boolean;
}

export const phaseNames: Record<PhaseKind, string> = {
  gateway: 'In the gateway',
  waiting: 'Until the first byte',
  reasoning: 'Until the first token',
  streaming: 'First to last token',
  receiving: 'Receiving',
  ending: 'Until the end',
  pause: 'Pause before the next try',
};

/** What a try spent its time on, in order and without gaps. */
export function phasesOfTry(one: CallTry): Phase[] {
  const end = one.startedAfter + one.duration;
  const marks: [PhaseKind, number | null][] =
    one.timeToFirstToken === null
      ? [['waiting', one.timeToFirstByte ?? one.duration]]
      : [
          ['waiting', one.timeToFirstByte],
          ['reasoning', one.timeToFirstToken],
          ['streaming', one.timeToLastToken],
        ];
  const phases: Phase[] = [];
  let from = one.startedAfter;
  for (const [kind, after] of marks) {
    if (after === null) continue;
    const to = Math.min(Math.max(one.startedAfter + after, from), end);
    if (to > from) phases.push({ kind, from, to });
    from = to;
  }
  if (end > from) phases.push({ kind: one.timeToFirstToken === null ? 'receiving' : 'ending', from, to: end });
  return phases;
}

function callRow(call: CallDetails): WaterfallRow {
  const first = call.tryDetails[0];
  const last = call.tryDetails.at(-1);
  const phases: Phase[] = [];
  if (first === undefined) phases.push({ kind: 'gateway', from: 0, to: call.duration });
  else {
    const end = last!.startedAfter + last!.duration;
    if (first.startedAfter > 0) phases.push({ kind: 'gateway', from: 0, to: Math.min(first.startedAfter, call.duration) });
    if (call.duration > end) phases.push({ kind: 'gateway', from: end, to: call.duration });
  }
  return { key: call.id, name: 'Call', detail: call.route, from: 0, to: call.duration, phases, stalls: [], relayedAfter: null, isBad: false };
}

/** The call, and below it each try and the pauses between them. */
export function waterfallRows(call: CallDetails): WaterfallRow[] {
  const rows = [callRow(call)];
  call.tryDetails.forEach((one, index) => {
    const end = one.startedAfter + one.duration;
    rows.push({
      key: one.spanId,
      name: call.tryDetails.length === 1 ? 'Provider' : `Try ${index + 1}`,
      detail: one.serverAddress === '' ? '' : `${one.serverAddress}:${one.serverPort}`,
      from: one.startedAfter,
      to: end,
      phases: phasesOfTry(one),
      stalls: one.stalls.map((stall) => ({
        from: one.startedAfter + stall.after,
        to: one.startedAfter + stall.after + stall.duration,
      })),
      relayedAfter:
        one.timeToFirstByte === null || one.timeToFirstByteSent === null
          ? null
          : Math.max(0, one.timeToFirstByteSent - one.timeToFirstByte),
      isBad: one.outcome !== 'completed' && one.outcome !== 'client_cancelled',
    });
    if (one.retriedAfter !== null)
      rows.push({
        key: `${one.spanId}-pause`,
        name: 'Pause',
        detail: '',
        from: end,
        to: end + one.retriedAfter,
        phases: [{ kind: 'pause', from: end, to: end + one.retriedAfter }],
        stalls: [],
        relayedAfter: null,
        isBad: false,
      });
  });
  return rows;
}

/** The end of the timeline: the end of the last row, whatever clocks and rounding say. */
export function waterfallEnd(rows: WaterfallRow[]): number {
  return Math.max(...rows.map((row) => row.to), 1e-6);
}

/** Round moments from 0 to `end`, at most `most` of them beside 0. */
export function axisTicks(end: number, most = 6): number[] {
  const rough = end / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= rough) ?? rough;
  const ticks: number[] = [];
  for (let index = 0; index * step <= end * (1 + 1e-9); index += 1) ticks.push(index * step);
  return ticks;
}

/** Where something lies, in percent of the timeline; never too narrow to see. */
export function place(from: number, to: number, end: number): { left: string; width: string } {
  const percent = (seconds: number) => `${((100 * seconds) / end).toFixed(3)}%`;
  return { left: `min(${percent(from)}, 100% - 2px)`, width: `max(${percent(to - from)}, 2px)` };
}

/** Output tokens per second from the first token to the last of the last try. */
export function tokensPerSecond(call: CallDetails): number | null {
  const last = call.tryDetails.at(-1);
  if (last === undefined || last.timeToFirstToken === null || last.timeToLastToken === null) return null;
  const seconds = last.timeToLastToken - last.timeToFirstToken;
  return seconds > 0 && call.outputTokens > 0 ? call.outputTokens / seconds : null;
}

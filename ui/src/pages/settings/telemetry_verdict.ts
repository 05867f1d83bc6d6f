// How telemetry is, in a sentence.

import type { TelemetryHealth } from '@/api/types.ts';
import { formatCount, plural } from '../../format/numbers.ts';

export interface TelemetryVerdict {
  tone: 'good' | 'warn' | 'bad' | 'neutral';
  word: string;
  text: string;
}

const kNearlyFull = 0.8;

export function telemetryVerdict({ traces, queues, dropped }: TelemetryHealth): TelemetryVerdict {
  // Who has named no collector does not miss what it would have got.
  const lost = dropped.reduce((sum, { reason, count }) => (reason === 'no_collector' ? sum : sum + count), 0);
  const lostText = lost === 0 ? '' : ` Since the start ${plural(lost, 'record')} went missing.`;
  if (!traces.exported)
    return lost > 0
      ? { tone: 'warn', word: 'Losing records', text: `Spans are not exported.${lostText}` }
      : { tone: 'neutral', word: 'Traces off', text: 'Spans are not exported. Metrics and logs are as they should be.' };
  if (traces.failing)
    return {
      tone: 'bad',
      word: 'Collector fails',
      text:
        traces.lastSuccessAt === null
          ? `No span has reached the collector yet. Is something listening at ${traces.endpoint}?${lostText}`
          : `The last attempt to send spans failed. ${plural(traces.unsent, 'span')} ${traces.unsent === 1 ? 'waits' : 'wait'} to be sent again${
              queues.spoolBytes.max > 0 ? ', on the disk' : `; there is room for ${formatCount(queues.spans.max)}`
            }.${lostText}`,
    };
  const fullest = Math.max(
    ...[queues.spans, queues.spoolBytes, queues.recordBytes, queues.logBytes].map(({ waiting, max }) => (max > 0 ? waiting / max : 0)),
  );
  if (fullest >= kNearlyFull)
    return { tone: 'warn', word: 'Queue nearly full', text: `What comes beyond it is dropped; calls go on.${lostText}` };
  if (lost > 0)
    return { tone: 'warn', word: 'Records were lost', text: `Everything arrives now.${lostText} The table says which and why.` };
  if (traces.rejected > 0)
    return {
      tone: 'warn',
      word: 'Collector rejects',
      text: `The collector took the requests and rejected ${plural(traces.rejected, 'span')} in them. Its log says why.`,
    };
  if (traces.lastSuccessAt === null)
    return { tone: 'neutral', word: 'Nothing sent yet', text: 'The first spans go out a few seconds after the first call.' };
  return { tone: 'good', word: 'Healthy', text: 'Everything arrives, and nothing was lost since the start.' };
}

const kReasons: Record<string, string> = {
  ring_full: 'the thread that writes telemetry was behind',
  queue_full: 'the queue for the collector was full',
  no_collector: 'no collector is configured, and none was reached',
  spool_full: 'there was no room left on the disk that they may take',
  spool_age: 'the collector could not be reached for too long',
  disk_full: 'the disk was full, and the queue in memory too',
  spool_unreadable: 'what an earlier process left could not be read',
  too_large: 'they were too large',
  export_failed: 'the collector refused them',
  shutdown: 'the process ended first',
  writer_full: 'standard output was not read in time',
  write_failed: 'standard output could not be written',
};

export function dropReason(reason: string): string {
  return kReasons[reason] ?? reason;
}

import assert from 'node:assert/strict';
import test from 'node:test';
import type { TelemetryHealth } from '@/api/types.ts';
import { telemetryVerdict } from './telemetry_verdict.ts';

type Traces = TelemetryHealth['traces'];
const health = (traces: Partial<Traces> = {}, rest: Partial<TelemetryHealth> = {}): TelemetryHealth => ({
  traces: {
    exported: true,
    endpoint: 'http://collector:4318/v1/traces',
    sent: 5,
    rejected: 0,
    unsent: 0,
    oldestUnsentSeconds: 0,
    failing: false,
    lastError: null,
    lastErrorAt: null,
    lastSuccessAt: '2026-01-01T00:00:00Z',
    ...traces,
  },
  queues: { spans: { waiting: 1, max: 100 }, spoolBytes: { waiting: 0, max: 0 }, recordBytes: { waiting: 0, max: 100 }, logBytes: { waiting: 0, max: 100 } },
  dropped: [],
  ...rest,
});
const lost = { dropped: [{ signal: 'traces' as const, reason: 'export_failed' as const, count: 1234 }] };

test('the worst is said first', () => {
  assert.equal(telemetryVerdict(health()).tone, 'good');
  assert.equal(telemetryVerdict(health({ lastSuccessAt: null })).word, 'Nothing sent yet');
  assert.equal(telemetryVerdict(health({ failing: true, lastSuccessAt: null }, lost)).tone, 'bad');
  assert.match(telemetryVerdict(health({ failing: true, lastSuccessAt: null })).text, /listening at http:\/\/collector:4318/);
  assert.match(telemetryVerdict(health({}, lost)).text, /1,234 records went missing/);
  assert.equal(telemetryVerdict(health({ exported: false })).tone, 'neutral');
  assert.equal(telemetryVerdict(health({ rejected: 2 })).word, 'Collector rejects');
  const waits = telemetryVerdict(health({ failing: true, unsent: 7 }, { queues: { ...health().queues, spoolBytes: { waiting: 4, max: 9 } } }));
  assert.match(waits.text, /7 spans wait to be sent again, on the disk/);
  const nobody = { dropped: [{ signal: 'traces' as const, reason: 'no_collector' as const, count: 5 }] };
  assert.equal(telemetryVerdict(health({}, nobody)).tone, 'good');
  const full = { ...health().queues, logBytes: { waiting: 90, max: 100 } };
  assert.equal(telemetryVerdict(health({}, { queues: full })).word, 'Queue nearly full');
});

// Calls in every dialect while everything goes wrong that can, and a comparison of all who saw them.

import { exchange } from '../client.mjs';
import { Checks } from './checks.mjs';
import { compareCalls } from './compare_calls.mjs';
import { comparePoints } from './compare_points.mjs';
import { compareRecords } from './compare_records.mjs';
import { compareSums } from './compare_sums.mjs';
import { Disturbances } from './disturbances.mjs';
import { Growth } from './growth.mjs';
import { atRest } from './rest.mjs';
import { Stage, exportsLogs } from './stage.mjs';
import { Traffic } from './traffic.mjs';

/** Every signal goes to the collector. */
const exportsAll = {
  ...exportsLogs,
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_METRIC_EXPORT_INTERVAL: '2000',
};

/**
 * Runs `calls` calls of `seed` by `clients` at a time: {checks, seen (all that compareAll takes), outcomes (name ->
 * number), seconds, unseen, disturbances (name -> number), pages, linesMost (of one page)}.
 */
export async function faultRun({ seed, calls, clients, scrapeEveryMs = 1000, note = () => {} }) {
  const checks = new Checks();
  const stage = await Stage.start(exportsAll);
  try {
    const { gateway, collector } = stage;
    const disturbances = new Disturbances({ stage, checks, seed });
    await disturbances.prepare();
    const growth = new Growth(checks, () => gateway.metricsPort, scrapeEveryMs);
    const began = performance.now();
    const traffic = new Traffic({ seed, calls, clients, port: () => gateway.apiPort, agents: disturbances.agents });
    disturbances.start();
    const told = setInterval(() => note(`${traffic.views.length} calls`), 30_000);
    await traffic.done.finally(() => clearInterval(told));
    const seconds = (performance.now() - began) / 1000;
    await disturbances.stop();
    await growth.stop();
    await atRest(gateway);
    const statistics = (await gateway.api('GET', '/statistics/overview?minutes=60&groupBy=provider')).json;
    await atRest(gateway);
    const page = (
      await exchange(gateway.metricsPort, 'GET', '/metrics', {
        headers: { Accept: 'application/openmetrics-text; version=1.0.0' },
      })
    ).body.toString('utf8');
    const metrics = await gateway.scrape();
    const entries = await stage.end();
    note(`${calls} calls in ${seconds.toFixed(0)} s; comparing`);
    const [spans, records, points] = [await collector.spans(), await collector.records(), await collector.points()];
    const [collected, lines] = [await collector.counts(), gateway.accessLog];
    const seen = { views: traffic.views, lines, spans, records, points, entries, metrics, page, collected, statistics };
    const { unseen } = compareAll(checks, seen);
    const outcomes = countBy(
      lines.filter(({ outcome }) => outcome),
      ({ outcome }) => outcome,
    );
    return {
      checks,
      seen,
      seconds,
      unseen,
      outcomes,
      disturbances: disturbances.counts,
      pages: growth.pages,
      linesMost: growth.linesMost,
    };
  } finally {
    await stage.discard();
  }
}

/** Compares the views of one run: {unseen}. */
export function compareAll(checks, seen) {
  compareSums(checks, seen);
  comparePoints(checks, seen);
  compareRecords(checks, seen);
  return compareCalls(checks, seen);
}

export function countBy(list, keyOf) {
  const counts = {};
  for (const one of list) counts[keyOf(one)] = (counts[keyOf(one)] ?? 0) + 1;
  return counts;
}

// Metrics as the collector got them with the last export, and as they are on /metrics, once all is at rest.

const same = 'metrics over OTLP and /metrics: each series of calls';

/** `points` of SpanFile, `metrics` of a Metrics. */
export function comparePoints(checks, { points, metrics }) {
  checks.expect(same);
  const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());
  const exported = Map.groupBy(
    points.filter(({ name }) => name.startsWith('llm_')),
    ({ name }) => name,
  );
  for (const [name, own] of exported) {
    // What was counted of a histogram is in its samples _count and _sum.
    const parts = own[0].type === 'histogram' ? { _count: 'count', _sum: 'sum' } : { '': 'value' };
    for (const [suffix, part] of Object.entries(parts)) {
      const scraped = new Map(metrics.samples(`${name}${suffix}`).map(({ labels, value }) => [keyOf(labels), value]));
      for (const point of own) {
        const key = keyOf(point.labels);
        checks.equal(same, point[part], scraped.get(key), () => `${name}${suffix} ${key}`);
        scraped.delete(key);
      }
      checks.that(same, scraped.size === 0, () => `${name}${suffix}: not exported: ${[...scraped.keys()]}`);
    }
  }
}

// What docs/metrics.md says of each family, for whoever checks what others say of them.

import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const rowPattern = /^\| `(\w+)` \| (\w+) \| (\w*) *\| (.*?) *\| /gm;
const parts = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };
const partLabels = { _bucket: ['le'], '': ['quantile'] };

const base = { seconds: 0, bytes: 0 };
const units = { '': base, seconds: { ...base, seconds: 1 }, bytes: { ...base, bytes: 1 } };

/**
 * Each name of a series: {labels, hasAgentLabels, unit, observed}; `unit` is what its values are in, `observed`, of the
 * parts of a histogram, what was observed.
 */
export const catalogue = new Map();

for (const [, name, type, unitName, labelText] of text.matchAll(rowPattern)) {
  const observed = name.endsWith('_per_second') ? { ...base, seconds: -1 } : units[unitName];
  for (const part of parts[type] ?? ['']) {
    const counts = part === '_bucket' || part === '_count';
    const more = type === 'summary' || part ? (partLabels[part] ?? []) : [];
    catalogue.set(`${name}${part}`, {
      labels: [...[...labelText.matchAll(/`(\w+)`/g)].map(([, label]) => label), ...more],
      hasAgentLabels: labelText.includes("*agent's*"),
      unit: counts ? base : observed,
      observed,
    });
  }
}
if (catalogue.size < 100) throw new Error('docs/metrics.md is not understood');

// What Prometheus itself makes.
const ofAlerts = ['alertname', 'alertstate', 'severity', 'provider', 'model', 'agent_name'];
for (const [name, labels] of [['up', []], ['ALERTS', ofAlerts]])
  catalogue.set(name, { labels, hasAgentLabels: false, unit: base, observed: base });

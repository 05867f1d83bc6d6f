// Which agents the list shows, and in which order.

import type { Agent, AgentStatistics } from '@/api/types.ts';

export type Traffic = AgentStatistics['data'][number];

export interface AgentRow {
  agent: Agent;
  /** Nothing where it made no call in the time that is looked at. */
  traffic: Traffic | undefined;
}

export function toRows(agents: Agent[], statistics: AgentStatistics | undefined): AgentRow[] {
  const byId = new Map(statistics?.data.map((item) => [item.agentId, item]));
  return agents.map((agent) => ({ agent, traffic: byId.get(agent.id) }));
}

/** Every word has to be in the name, in a label or in the id; the case does not matter. */
export function matches(agent: Agent, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const texts = [agent.name, agent.id, ...agent.labels.map(({ key, value }) => `${key}:${value}`)];
  const all = texts.join('\n').toLowerCase();
  return words.every((word) => all.includes(word));
}

export type SortId = 'name' | 'calls' | 'errors' | 'tokens' | 'updated';

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function figure({ agent, traffic }: AgentRow, id: SortId): number {
  switch (id) {
    case 'calls':
      return traffic?.totals.calls ?? 0;
    case 'errors':
      return traffic?.totals.errors ?? 0;
    case 'tokens':
      return traffic === undefined ? 0 : traffic.totals.inputTokens + traffic.totals.outputTokens;
    case 'updated':
      return Date.parse(agent.updatedAt);
    case 'name':
      return 0;
  }
}

/** Sorted, and agents that are the same by that by their name. */
export function sorted(rows: AgentRow[], id: SortId, desc: boolean): AgentRow[] {
  const sign = desc ? -1 : 1;
  const byName = (a: AgentRow, b: AgentRow) => collator.compare(a.agent.name, b.agent.name);
  if (id === 'name') return rows.toSorted((a, b) => sign * byName(a, b));
  return rows.toSorted((a, b) => sign * (figure(a, id) - figure(b, id)) || byName(a, b));
}

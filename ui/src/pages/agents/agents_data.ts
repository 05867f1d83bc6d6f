// What the pages ask of the API about agents.

import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, type Body } from '@/api/client.ts';
import type { Agent } from '@/api/types.ts';
import { allPages } from '@/lib/all_pages.ts';

const kAgentsKey = ['agents'];
export const kStatisticsMinutes = 60;

async function fetchAllAgents(signal: AbortSignal): Promise<Agent[]> {
  return allPages((page) => api.get('/api/agents', { query: { ...page, sortBy: 'name' }, signal }));
}

/** All agents: the list searches labels and sorts by traffic, which the server's pages cannot. */
export function useAgents() {
  return useQuery({ queryKey: kAgentsKey, queryFn: ({ signal }) => fetchAllAgents(signal), staleTime: 30_000 });
}

/** Agents by their id, for pages that show what belongs to them; empty until they are there. */
export function useAgentsById(): ReadonlyMap<string, Agent> {
  const { data } = useAgents();
  return useMemo(() => new Map(data?.map((agent) => [agent.id, agent])), [data]);
}

/** One agent. What the list knows of it is shown until the answer is there. */
export function useAgent(id: string | undefined) {
  const client = useQueryClient();
  return useQuery({
    queryKey: [...kAgentsKey, id],
    queryFn: ({ signal }) => api.get('/api/agents/{id}', { path: { id: id! }, signal }),
    enabled: id !== undefined,
    placeholderData: client.getQueryData<Agent[]>(kAgentsKey)?.find((agent) => agent.id === id),
  });
}

export function useAgentStatistics() {
  return useQuery({
    queryKey: ['statistics', 'agents', kStatisticsMinutes],
    queryFn: ({ signal }) => api.get('/api/statistics/agents', { query: { minutes: kStatisticsMinutes }, signal }),
    refetchInterval: 30_000,
  });
}

export function useLabelKeys() {
  return useQuery({
    queryKey: ['labels', 'keys'],
    queryFn: ({ signal }) => api.get('/api/agents/labels/keys', { query: { limit: 1000 }, signal }),
    select: (answer) => answer.data,
  });
}

export function useLabelValues(key: string) {
  return useQuery({
    queryKey: ['labels', 'values', key],
    queryFn: ({ signal }) => api.get('/api/agents/labels/values', { query: { key, limit: 1000 }, signal }),
    select: (answer) => answer.data,
    enabled: key !== '',
  });
}

export type AgentBody = Body<'/api/agents', 'post'>;

// Not waited for: whoever asked goes on with what was answered.
function forgetLists(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: kAgentsKey, exact: true });
  void client.invalidateQueries({ queryKey: ['labels'] });
}

export function useSaveAgent(id: string | undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: AgentBody) =>
      id === undefined ? api.post('/api/agents', { body }) : api.put('/api/agents/{id}', { path: { id }, body }),
    onSuccess: (agent) => {
      client.setQueryData([...kAgentsKey, agent.id], agent);
      forgetLists(client);
    },
  });
}

export function useDeleteAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete('/api/agents/{id}', { path: { id } }),
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: [...kAgentsKey, id] });
      // Its tools and policies go with it.
      void client.invalidateQueries({ queryKey: ['tools'] });
      void client.invalidateQueries({ queryKey: ['policies'] });
      forgetLists(client);
    },
  });
}

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Answer, type Body, type Query } from '@/api/client.ts';
import type { Tool } from '@/api/types.ts';
import { allPages } from '@/lib/all_pages.ts';
import { schemaPaths } from './schema_paths.ts';

export const kTreatments = [
  { value: 'untrusted', label: 'Untrusted' },
  { value: 'trusted', label: 'Trusted' },
];

const kToolsKey = ['tools'];
type ToolsPage = Answer<'/api/tools'>;

/** A page of tools; the one before stays until the next is there. */
export function useTools(query: Query<'/api/tools'>) {
  return useQuery({
    queryKey: [...kToolsKey, 'page', query],
    queryFn: ({ signal }) => api.get('/api/tools', { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One tool with its parameters, which lists leave out. */
export function useTool(id: string) {
  return useQuery({
    queryKey: [...kToolsKey, 'one', id],
    queryFn: ({ signal }) => api.get('/api/tools/{id}', { path: { id }, signal }),
    enabled: id !== '',
  });
}

/** The names that tools have, each once; of all agents, or of one. */
export function useToolNames(agentId: string) {
  return useQuery({
    queryKey: [...kToolsKey, 'names', agentId],
    queryFn: ({ signal }) =>
      allPages((page) => api.get('/api/tools', { query: { ...page, agentId: agentId || undefined, sortBy: 'name' }, signal })),
    select: (tools) => [...new Set(tools.map(({ name }) => name))],
    staleTime: 30_000,
  });
}

/** Where in the arguments of a tool something can stand, by the schema it was declared with. */
export function useArgumentPaths(tool: string, agentId: string) {
  return useQuery({
    queryKey: [...kToolsKey, 'paths', tool, agentId],
    queryFn: async ({ signal }) => {
      const found = await api.get('/api/tools', {
        query: { search: tool, agentId: agentId || undefined, limit: 100 },
        signal,
      });
      const same = found.data.find(({ name }) => name === tool);
      if (same === undefined) return [];
      const { parameters } = await api.get('/api/tools/{id}', { path: { id: same.id }, signal });
      return schemaPaths(parameters);
    },
    enabled: tool !== '',
    staleTime: 30_000,
  });
}

/** Sets what a tool may do; shown at once, and taken back where the server refuses. */
export function useSetTool() {
  const client = useQueryClient();
  const show = (id: string, change: Partial<Tool>) => {
    client.setQueriesData<ToolsPage>({ queryKey: [...kToolsKey, 'page'] }, (page) =>
      page && { ...page, data: page.data.map((tool) => (tool.id === id ? { ...tool, ...change } : tool)) },
    );
    client.setQueryData<Tool>([...kToolsKey, 'one', id], (tool) => tool && { ...tool, ...change });
  };
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: Body<'/api/tools/{id}', 'put'> }) =>
      api.put('/api/tools/{id}', { path: { id }, body: change }),
    onMutate: ({ id, change }) => show(id, change),
    onSuccess: (tool) => show(tool.id, tool),
    onError: () => client.invalidateQueries({ queryKey: kToolsKey }),
  });
}

export function useForgetTool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete('/api/tools/{id}', { path: { id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: kToolsKey }),
  });
}

// What the pages ask of the API about policies.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Body } from '@/api/client.ts';
import { allPages } from '@/lib/all_pages.ts';

const kPoliciesKey = ['policies'];

/** Both kinds in one: what an agent may call, and what is trusted of what tools answer. */
export type Kind = 'invocation' | 'trusted';

const kPaths = { invocation: '/api/tool-invocation-policies', trusted: '/api/trusted-data-policies' } as const;

export function useInvocationPolicies() {
  return useQuery({
    queryKey: [...kPoliciesKey, 'invocation'],
    queryFn: ({ signal }) =>
      allPages((page) => api.get('/api/tool-invocation-policies', { query: { ...page, sortBy: 'createdAt' }, signal })),
    staleTime: 30_000,
  });
}

export function useTrustedPolicies() {
  return useQuery({
    queryKey: [...kPoliciesKey, 'trusted'],
    queryFn: ({ signal }) =>
      allPages((page) => api.get('/api/trusted-data-policies', { query: { ...page, sortBy: 'createdAt' }, signal })),
    staleTime: 30_000,
  });
}

export function useOperators() {
  return useQuery({
    queryKey: ['policy-operators'],
    queryFn: ({ signal }) => api.get('/api/policy-operators', { signal }),
    select: (answer) => answer.data,
    staleTime: Infinity,
  });
}

/** Whether the policies that are stored are those in force. */
export function usePolicyStatus() {
  return useQuery({
    queryKey: [...kPoliciesKey, 'status'],
    queryFn: ({ signal }) => api.get('/api/policies/status', { signal }),
    refetchInterval: 30_000,
  });
}

export type InvocationBody = Body<'/api/tool-invocation-policies', 'post'>;
export type TrustedBody = Body<'/api/trusted-data-policies', 'post'>;

export function useSavePolicy(kind: Kind, id: string | undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: InvocationBody | TrustedBody) => {
      if (kind === 'invocation') {
        const given = body as InvocationBody;
        await (id === undefined
          ? api.post('/api/tool-invocation-policies', { body: given })
          : api.put('/api/tool-invocation-policies/{id}', { path: { id }, body: given }));
      } else {
        const given = body as TrustedBody;
        await (id === undefined
          ? api.post('/api/trusted-data-policies', { body: given })
          : api.put('/api/trusted-data-policies/{id}', { path: { id }, body: given }));
      }
    },
    onSuccess: () => client.invalidateQueries({ queryKey: kPoliciesKey }),
  });
}

export function useDeletePolicy(kind: Kind) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`${kPaths[kind]}/{id}`, { path: { id } }),
    // Not waited for: whoever asked leaves the page of what is gone.
    onSuccess: () => void client.invalidateQueries({ queryKey: kPoliciesKey }),
  });
}

/** What the server says of a draft: a sentence, or nothing where it would take it. */
export function checkPolicy(kind: Kind, body: InvocationBody | TrustedBody, signal: AbortSignal): Promise<{ problem: string | null }> {
  return kind === 'invocation'
    ? api.post('/api/tool-invocation-policies/check', { body: body as InvocationBody, signal })
    : api.post('/api/trusted-data-policies/check', { body: body as TrustedBody, signal });
}

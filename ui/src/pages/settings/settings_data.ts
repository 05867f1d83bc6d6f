import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Body } from '@/api/client.ts';

const kLevelsKey = ['log-levels'];

export function useSettings() {
  return useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.get('/api/settings', { signal }),
  });
}

/** The same, anew every few seconds: for what of it changes. */
export function useLiveSettings() {
  return useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.get('/api/settings', { signal }),
    refetchInterval: 5_000,
  });
}

export function useLogLevels() {
  return useQuery({ queryKey: kLevelsKey, queryFn: ({ signal }) => api.get('/api/log-levels', { signal }) });
}

export function useSetLogLevels() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<'/api/log-levels', 'put'>) => api.put('/api/log-levels', { body }),
    onSuccess: (levels) => client.setQueryData(kLevelsKey, levels),
  });
}

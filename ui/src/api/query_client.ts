import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';

/** An answer that says no says it again; only what may pass is asked for once more. */
export function shouldRetry(failures: number, error: Error): boolean {
  if (error instanceof ApiError && error.status !== 0 && error.status !== 503) return false;
  return failures < 1;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: shouldRetry, retryDelay: 800, staleTime: 10_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});

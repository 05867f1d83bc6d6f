// Who is signed in. The cookie is the browser's own; what is kept here is the token that goes with every write.

import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { api, ApiError, setCsrfToken, setSessionOverHandler } from '@/api/client.ts';
import { queryClient } from '@/api/query_client.ts';
import type { Session } from '@/api/types.ts';

const kSessionKey = ['session'];

/** Where to go after signing in: a path of this page alone, whatever a link says. */
export function safeReturnPath(next: string | null): string {
  if (next === null || !/^\/(?![/\\])/.test(next) || next.startsWith('/sign-in')) return '/';
  return next;
}

/** The sign-in page, which leads back to where one is now. */
export function signInPath(reason?: 'expired'): string {
  const here = window.location.pathname + window.location.search;
  const query = new URLSearchParams();
  if (here !== '/' && !here.startsWith('/sign-in')) query.set('next', here);
  if (reason !== undefined) query.set('reason', reason);
  const text = query.toString();
  return text === '' ? '/sign-in' : `/sign-in?${text}`;
}

export function acceptSession(session: Session): void {
  setCsrfToken(session.csrfToken);
  queryClient.setQueryData(kSessionKey, session);
}

function forgetSession(): void {
  setCsrfToken(null);
  queryClient.clear();
}

const sessionQuery = queryOptions({
  queryKey: kSessionKey,
  queryFn: async ({ signal }) => {
    const session = await api.get('/api/session', { signal });
    setCsrfToken(session.csrfToken);
    return session;
  },
  staleTime: Infinity,
});

export function useSession() {
  return useQuery(sessionQuery);
}

/** Asks for the session before there is anything to show it in. */
export async function preloadSession(): Promise<void> {
  if (window.location.pathname !== '/sign-in') await queryClient.prefetchQuery(sessionQuery);
}

export function useSignOut() {
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: () => api.delete('/api/session'),
    onSuccess: () => {
      navigate('/sign-in');
      forgetSession();
    },
  });
}

/** Shows `children` to those who are signed in, and leads everybody else to the sign-in page. */
export function SessionGate({ children, waiting }: { children: ReactNode; waiting: ReactNode }) {
  const session = useSession();
  const [, navigate] = useLocation();
  const isSignedOut = session.error instanceof ApiError && session.error.status === 401;
  const isExpired = isSignedOut && (session.error as ApiError).type === 'session_expired';

  useEffect(() => {
    if (isSignedOut) navigate(signInPath(isExpired ? 'expired' : undefined), { replace: true });
  }, [isSignedOut, isExpired, navigate]);

  useEffect(() => {
    setSessionOverHandler(() => {
      if (window.location.pathname === '/sign-in') return;
      navigate(signInPath('expired'), { replace: true });
      forgetSession();
    });
    return () => setSessionOverHandler(() => {});
  }, [navigate]);

  if (session.data === undefined && !session.isError) return waiting;
  if (isSignedOut) return waiting;
  // Without an answer the pages say what is wrong, each where its data would be.
  return children;
}

import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { queryClient } from '@/api/query_client.ts';
import { ButtonLink } from '@/components/Button.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { EmptyState } from '@/components/states.tsx';
import { Toasts } from '@/components/Toast.tsx';
import { TooltipLayer } from '@/components/Tooltip.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { routes } from './navigation.ts';
import { SessionGate } from './session.tsx';
import { PageSkeleton, Shell } from './Shell.tsx';

const SignInPage = lazy(() => import('@/pages/sign-in/SignInPage.tsx'));

// The Content-Security-Policy allows no <style> elements, so Base UI may not make any.
export function App() {
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Switch>
          <Route path="/sign-in">
            <Suspense fallback={null}>
              <SignInPage />
            </Suspense>
          </Route>
          <Route>
            <Shell>
              <SessionGate waiting={<PageSkeleton />}>
                <ErrorBoundary>
                  <Suspense fallback={<PageSkeleton />}>
                    <Pages />
                  </Suspense>
                </ErrorBoundary>
              </SessionGate>
            </Shell>
          </Route>
        </Switch>
        <Toasts />
        <TooltipLayer />
      </QueryClientProvider>
    </CSPProvider>
  );
}

function Pages() {
  return (
    <Switch>
      {routes.map(({ path, page: { Page } }) => (
        <Route key={path} path={path}>
          {(params: Record<string, string | undefined>) => <Page params={params} />}
        </Route>
      ))}
      <Route>
        <PageHeader title="Not found" />
        <EmptyState title="There is no such page" action={<ButtonLink href="/">Go to the overview</ButtonLink>}>
          The address may be old, or mistyped.
        </EmptyState>
      </Route>
    </Switch>
  );
}

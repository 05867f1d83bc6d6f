import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Route, Switch } from 'wouter';
import { queryClient } from '@/api/query_client.ts';
import { ButtonLink } from '@/components/Button.tsx';
import { PageHeader } from '@/components/PageHeader.tsx';
import { EmptyState } from '@/components/states.tsx';
import { Toasts } from '@/components/Toast.tsx';
import { TooltipLayer } from '@/components/Tooltip.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { routes, type LazyPage } from './navigation.ts';
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
                  <Pages />
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

type Params = Record<string, string | undefined>;

/** A page as soon as its code is there. Suspense would show it 300 ms later, not to let what waits flash by. */
function Page({ page, params }: { page: LazyPage; params: Params }) {
  const [Component, setComponent] = useState(page.component);
  useEffect(() => {
    if (Component !== null) return;
    page.load().then(
      (loaded) => setComponent(() => loaded),
      (error: unknown) =>
        setComponent(() => {
          throw error; // for the ErrorBoundary
        }),
    );
  }, [Component, page]);
  return Component === null ? <PageSkeleton /> : <Component params={params} />;
}

function Pages() {
  return (
    <Switch>
      {routes.map(({ path, page }) => (
        <Route key={path} path={path}>
          {(params: Params) => <Page page={page} params={params} />}
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

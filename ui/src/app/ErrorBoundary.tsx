import { Component, type ReactNode } from 'react';
import { Button } from '@/components/Button.tsx';
import { EmptyState } from '@/components/states.tsx';

/** Keeps the rest of the page when a part of it fails, or when its code is gone because the gateway was updated. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <EmptyState title="This page failed" action={<Button onClick={() => window.location.reload()}>Reload</Button>}>
        The gateway may have been updated meanwhile; then reloading helps. Otherwise this is a mistake of ours:{' '}
        <code>{this.state.error.message}</code>
      </EmptyState>
    );
  }
}

// The last two minutes, second by second: one stream for all who look, and none while nobody can see the page.

import { useSyncExternalStore } from 'react';
import { api } from './client.ts';
import type { LiveHistory, LiveSecond } from './types.ts';

export const kLiveSeconds = 120;
const kRetryMs = 5000;

export interface Live {
  seconds: LiveSecond[];
  state: 'connecting' | 'live' | 'lost';
}

/** The seconds kept, oldest first, after `next` came: each once, and none that is too old. */
export function withSecond(seconds: LiveSecond[], next: LiveSecond): LiveSecond[] {
  const before = seconds.filter((second) => second.time < next.time && second.time > next.time - kLiveSeconds);
  return [...before, next];
}

let live: Live = { seconds: [], state: 'connecting' };
const listeners = new Set<() => void>();
let source: EventSource | null = null;
let timer: number | undefined;

function publish(next: Live): void {
  live = next;
  for (const notify of listeners) notify();
}

function close(): void {
  window.clearTimeout(timer);
  source?.close();
  source = null;
}

function open(): void {
  window.clearTimeout(timer);
  if (document.hidden || source !== null || listeners.size === 0) return;
  source = new EventSource('/api/live');
  source.addEventListener('history', (event: MessageEvent<string>) =>
    publish({ seconds: (JSON.parse(event.data) as LiveHistory).seconds, state: 'live' }),
  );
  source.addEventListener('second', (event: MessageEvent<string>) =>
    publish({ seconds: withSecond(live.seconds, JSON.parse(event.data) as LiveSecond), state: 'live' }),
  );
  source.onerror = () => {
    // The stream ends now and then, and the browser opens the next one by itself; only a refusal is final.
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    publish({ ...live, state: 'lost' });
    // Says why: without a session this leads to the sign-in page.
    api.get('/api/statistics/dimensions').catch(() => {});
    timer = window.setTimeout(open, kRetryMs);
  };
}

function onVisibility(): void {
  if (document.hidden) close();
  else open();
}

function subscribe(notify: () => void): () => void {
  listeners.add(notify);
  if (listeners.size === 1) document.addEventListener('visibilitychange', onVisibility);
  open();
  return () => {
    listeners.delete(notify);
    if (listeners.size > 0) return;
    document.removeEventListener('visibilitychange', onVisibility);
    close();
    live = { seconds: [], state: 'connecting' };
  };
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live);
}

/** Changes with the connection alone, not each second. */
export function useLiveState(): Live['state'] {
  return useSyncExternalStore(subscribe, () => live.state);
}

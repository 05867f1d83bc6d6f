// How a call can end, in words.

import type { Outcome } from '../api/types.ts';

export type OutcomeTone = 'neutral' | 'good' | 'warn' | 'bad';

interface Words {
  name: string;
  tone: OutcomeTone;
  meaning: string;
}

const outcomes: Record<Outcome, Words> = {
  completed: { name: 'Completed', tone: 'good', meaning: 'The answer reached the client to its end.' },
  upstream_error: {
    name: 'Provider error',
    tone: 'bad',
    meaning: 'The provider answered with an error, which the client got untouched.',
  },
  upstream_unreachable: {
    name: 'Unreachable',
    tone: 'bad',
    meaning: 'No connection to the provider came about: name, network or TLS.',
  },
  upstream_timeout: { name: 'Timed out', tone: 'bad', meaning: 'The provider took longer than the gateway waits.' },
  upstream_truncated: {
    name: 'Cut off',
    tone: 'bad',
    meaning: 'The provider’s answer broke off before its end.',
  },
  client_cancelled: { name: 'Client left', tone: 'warn', meaning: 'The client closed its connection first.' },
  refused_auth: { name: 'Refused: credentials', tone: 'bad', meaning: 'The gateway refused the credentials.' },
  refused_limit: { name: 'Refused: limit', tone: 'bad', meaning: 'A limit was reached; no provider was asked.' },
  refused_overload: {
    name: 'Refused: overload',
    tone: 'bad',
    meaning: 'The gateway had too many calls at once; no provider was asked.',
  },
  invalid_request: {
    name: 'Invalid request',
    tone: 'bad',
    meaning: 'The gateway could not forward the request; no provider was asked.',
  },
  shutdown: { name: 'Shutdown', tone: 'warn', meaning: 'The gateway stopped before the answer ended.' },
  internal_error: {
    name: 'Internal error',
    tone: 'bad',
    meaning: 'The gateway made a mistake. Its log has a line about it.',
  },
};

export const outcomeNames = Object.keys(outcomes) as Outcome[];

/** What an outcome is called; one that is newer than this page keeps its own name. */
export function outcomeWords(outcome: string): Words {
  return outcomes[outcome as Outcome] ?? { name: outcome, tone: 'neutral', meaning: '' };
}

// The list of calls that is asked for page by page, and grows at its front while somebody follows.

import type { InfiniteData } from '@tanstack/react-query';
import type { Query } from '../../api/client.ts';
import type { RecentCalls } from '../../api/types.ts';

export type Pages = InfiniteData<RecentCalls, string | undefined>;

/** Rows that are kept while following; then it begins anew with the newest. */
export const kFollowedMax = 500;

/** The list with the newest page in front of what it had: each call once, and no gap that nobody can see. */
export function withNewest(pages: Pages | undefined, newest: RecentCalls): Pages {
  const alone: Pages = { pages: [newest], pageParams: [undefined] };
  if (pages === undefined) return alone;
  const [first, ...rest] = pages.pages;
  if (first === undefined) return alone;
  const known = new Set(pages.pages.flatMap((page) => page.data.map((call) => call.id)));
  const added = newest.data.filter((call) => !known.has(call.id));
  const isGap = added.length > 0 && added.length === newest.data.length && known.size > 0;
  if (isGap || known.size + added.length > kFollowedMax) return alone;
  return {
    pages: [{ ...newest, data: [...added, ...first.data], pagination: first.pagination }, ...rest],
    pageParams: pages.pageParams,
  };
}

/** The filters of the page, as they stand in its URL. */
export const kFilters = {
  provider: '',
  model: '',
  agentId: '',
  outcome: '',
  session: '',
  user: '',
  run: '',
  traceId: '',
  blocked: '',
  stream: '',
  minDuration: '',
  label: '',
  follow: '',
};

export type Filters = typeof kFilters;

/** What the API is asked with these filters. */
export function callsQuery({ follow: _follow, ...filters }: Filters): Query<'/api/recent-calls'> {
  const given = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''));
  return given as Query<'/api/recent-calls'>;
}

// Filters live in the URL: a page says which it has and what they are without being named, and gets them with a
// function that changes some of them. What equals its default is not written, so URLs stay short.

import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

type Defaults = Record<string, string>;

/** The filters of a query text; what it does not name has its default, what is unknown is left out. */
export function readFilters<D extends Defaults>(search: string, defaults: D): { [K in keyof D]: string } {
  const given = new URLSearchParams(search);
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, given.get(name) ?? value]),
  ) as { [K in keyof D]: string };
}

/** The query text, with its '?', of filters that differ from their defaults; '' where none does. */
export function writeFilters<D extends Defaults>(filters: { [K in keyof D]: string }, defaults: D): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(defaults)) {
    const value = filters[name] ?? '';
    if (value !== defaults[name]) query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** `defaults` has to be a constant of the module. Typing in a field replaces the entry of the history. */
export function useUrlFilters<D extends Defaults>(defaults: D) {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const filters = useMemo(() => readFilters(search, defaults), [search, defaults]);
  const change = useCallback(
    (changes: Partial<{ [K in keyof D]: string }>, options: { replace?: boolean } = {}) =>
      navigate(path + writeFilters({ ...readFilters(window.location.search, defaults), ...changes }, defaults), {
        replace: options.replace ?? false,
      }),
    [defaults, navigate, path],
  );
  const isFiltered = Object.keys(defaults).some((name) => filters[name] !== defaults[name]);
  return { filters, change, isFiltered };
}

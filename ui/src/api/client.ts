// The one way to the API: typed by the server's own OpenAPI document, one kind of error, the CSRF token on what writes,
// and one place that learns of a session that is over.

import type { paths as Paths } from './schema.gen.ts';

type Method = 'get' | 'post' | 'put' | 'delete';
type PathWith<M extends Method> = {
  [P in keyof Paths]: Paths[P] extends Record<M, infer Operation> ? ([Operation] extends [undefined] ? never : P) : never;
}[keyof Paths];

type Operation<P extends keyof Paths, M extends Method> = Paths[P] extends Record<M, infer O> ? O : never;
type Json<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type AnswerOf<O> = O extends { responses: infer R }
  ? R extends Record<200, infer A>
    ? Json<A>
    : R extends Record<201, infer A>
      ? Json<A>
      : void
  : never;
type BodyOf<O> = O extends { requestBody: infer B } ? Json<B> : undefined;
type PathOf<O> = O extends { parameters: { path: infer V } } ? V : undefined;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined;

type Part<Name extends string, T> = [T] extends [undefined | never] ? object : { [K in Name]: T };
type Options<O, P> = Part<'body', BodyOf<O>> &
  Part<'path', PathOf<O> extends undefined ? PathOf<P> : PathOf<O>> & {
    query?: QueryOf<O>;
    signal?: AbortSignal;
  };

/** What an endpoint answers with, by its path: `Answer<'/api/agents'>`. */
export type Answer<P extends keyof Paths, M extends Method = 'get'> = AnswerOf<Operation<P, M>>;
/** What an endpoint wants: `Body<'/api/agents', 'post'>`. */
export type Body<P extends keyof Paths, M extends Method = 'post'> = BodyOf<Operation<P, M>>;
/** The query parameters that an endpoint knows. */
export type Query<P extends keyof Paths, M extends Method = 'get'> = NonNullable<QueryOf<Operation<P, M>>>;

/** An answer that says no (`status`, `type` and `message` of the server), or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  /** Seconds the server asks to wait for. */
  readonly retryAfter: number | null;

  constructor(status: number, type: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = type;
    this.retryAfter = retryAfter;
  }
}

let csrfToken: string | null = null;
let onSessionOver: () => void = () => {};

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Calls `handler` whenever an answer says that nobody is signed in (any more). */
export function setSessionOverHandler(handler: () => void): void {
  onSessionOver = handler;
}

interface LooseOptions {
  body?: unknown;
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  signal?: AbortSignal;
}

/** The path with its parameters filled in; parameters of the query that are undefined, null or '' are left out. */
export function requestUrl(path: string, options: Pick<LooseOptions, 'path' | 'query'> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(options.path?.[name] ?? ''));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {}))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

async function errorOf(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get('Retry-After') ?? 'x');
  const retryAfter = Number.isFinite(wait) ? wait : null;
  try {
    const { error } = (await response.json()) as { error: { type: string; message: string } };
    return new ApiError(response.status, error.type, error.message, retryAfter);
  } catch {
    return new ApiError(response.status, 'unknown', `The gateway answered with status ${response.status}.`, retryAfter);
  }
}

async function send(method: Method, path: string, options: LooseOptions): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json' });
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  if (method !== 'get' && csrfToken !== null) headers.set('X-CSRF-Token', csrfToken);
  try {
    return await fetch(requestUrl(path, options), {
      method: method.toUpperCase(),
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      credentials: 'same-origin',
      signal: options.signal ?? null,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError(0, 'unreachable', 'The gateway does not answer. Is it still running?');
  }
}

// Another tab may have signed in anew: then this page holds the token of a session that is gone.
async function refreshCsrfToken(): Promise<boolean> {
  const response = await send('get', '/api/session', {});
  if (!response.ok) return false;
  setCsrfToken(((await response.json()) as { csrfToken: string }).csrfToken);
  return true;
}

async function request(method: Method, path: string, options: LooseOptions): Promise<unknown> {
  let response = await send(method, path, options);
  let error = response.ok ? null : await errorOf(response);
  if (error?.status === 403 && error.type.startsWith('csrf_') && (await refreshCsrfToken())) {
    response = await send(method, path, options);
    error = response.ok ? null : await errorOf(response);
  }
  if (error !== null) {
    if (error.status === 401 && path !== '/api/session') onSessionOver();
    throw error;
  }
  return response.status === 204 ? undefined : response.json();
}

type Arguments<P extends keyof Paths, M extends Method> =
  object extends Options<Operation<P, M>, Paths[P]>
    ? [options?: Options<Operation<P, M>, Paths[P]>]
    : [options: Options<Operation<P, M>, Paths[P]>];

function caller<M extends Method>(method: M) {
  return <P extends PathWith<M>>(path: P, ...[options]: Arguments<P, M>) =>
    request(method, path as string, (options ?? {}) as LooseOptions) as Promise<Answer<P, M>>;
}

export const api = { get: caller('get'), post: caller('post'), put: caller('put'), delete: caller('delete') };

import { randomBytes } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { may } from '#server/access/caller.ts';
import { AppError } from '#server/errors.ts';
import type { Metrics } from '#server/telemetry/metrics.ts';
import type { RecognizeLink } from './credentials.ts';
import { type Publish, restBody } from './errors.ts';
import type { StaticFile } from './static-files.ts';

export interface RestDeps {
  readonly recognizeLink: RecognizeLink;
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly publish: Publish;
  /** What answers requests under paths of its own. */
  readonly routes: readonly AnswerRoute[];
}

/** Answers a request; `null` where its path is none of its own. */
export type AnswerRoute = (request: Request) => Promise<Response | null>;

export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
}

/**
 * What the UI's page may load: its own files, nothing else, and no page may frame it. With the nonce its
 * scripts may make style sheets: what an editor draws with is known only when it is drawn.
 */
const contentSecurityPolicy = (nonce: string | null): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${nonce === null ? '' : ` 'nonce-${nonce}'`}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const NONCE_BYTES = 16;

const GET_ONLY = ['/healthz', '/readyz', '/metrics'];

/**
 * Health, metrics and the UI. `/healthz`, `/readyz` and the UI's files are public; `/metrics` needs the scope
 * admin.
 */
export function createRest(deps: RestDeps): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'live' }));
  app.get('/readyz', async (c) => {
    const { ready, reason } = await deps.readiness();
    if (ready) return c.json({ status: 'ready' });
    return c.json({ status: 'unavailable', reason: reason ?? null }, 503, { 'Retry-After': '5' });
  });
  app.get('/metrics', async (c) => {
    const caller = await deps.recognizeLink((name) => c.req.header(name) ?? null);
    if (caller === null) throw new AppError('UNAUTHENTICATED');
    if (!may(caller, 'admin')) throw new AppError('FORBIDDEN', { message: 'This needs the scope admin.' });
    const { contentType, text } = await deps.metrics.read();
    return c.body(text, 200, { 'Content-Type': contentType });
  });
  for (const path of GET_ONLY) app.all(path, (c) => notAllowed(c, deps.publish));
  app.use('*', async (c, next) => {
    for (const route of deps.routes) {
      const answer = await route(c.req.raw);
      if (answer !== null) return answer;
    }
    await next();
    return undefined;
  });
  app.get('*', (c) => file(c, deps));
  app.notFound((c) => answerError(c, deps.publish, new AppError('ROUTE_NOT_FOUND')));
  app.onError((error, c) => answerError(c, deps.publish, error));
  return app;
}

function file(c: Context, { files, publish }: RestDeps): Response {
  const found = files.get(c.req.path);
  if (!found) return answerError(c, publish, new AppError('ROUTE_NOT_FOUND'));
  const { aroundNonce } = found;
  const nonce = aroundNonce === null ? null : randomBytes(NONCE_BYTES).toString('base64');
  const headers = {
    'Content-Type': found.type,
    'Content-Security-Policy': contentSecurityPolicy(nonce),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
  // A page that was kept would come with a nonce that is not new.
  if (nonce !== null && aroundNonce !== null) {
    return c.body(aroundNonce.join(nonce), 200, { ...headers, 'Cache-Control': 'no-store' });
  }
  const cached = {
    ...headers,
    'Cache-Control': found.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: found.etag,
  };
  if (c.req.header('if-none-match') === found.etag) return c.body(null, 304, cached);
  return c.body(found.body, 200, cached);
}

function notAllowed(c: Context, publish: Publish): Response {
  c.header('Allow', 'GET, HEAD');
  return answerError(c, publish, new AppError('METHOD_NOT_ALLOWED'));
}

function answerError(c: Context, publish: Publish, error: unknown): Response {
  const told = publish(error);
  if (told.status === 401) c.header('WWW-Authenticate', 'Bearer');
  if (told.retryAfter !== undefined) c.header('Retry-After', String(told.retryAfter));
  c.header('Content-Type', 'application/json; charset=utf-8');
  // Every status in the table of errors is one that has a body.
  return c.body(restBody(told), told.status as 500);
}

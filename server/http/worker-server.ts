import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { NewId } from '#server/id.ts';
import type { Logger } from '#server/log.ts';
import type { Metrics, Route } from '#server/telemetry/metrics.ts';
import { createPublish } from './errors.ts';
import { refuse } from './events.ts';
import { listen } from './listen.ts';
import type { Readiness } from './rest.ts';
import type { HttpDeps, HttpServer } from './server.ts';

export interface WorkerServerDeps {
  readonly readiness: () => Promise<Readiness>;
  /** `null` while there is nothing to measure yet: before the database is there. */
  readonly metrics: Pick<Metrics, 'read' | 'observeRequest'> | null;
  /** Throws AppError UNAUTHENTICATED or FORBIDDEN unless the request comes from an administrator. */
  readonly authorize: (request: IncomingMessage) => Promise<void>;
  /** Whether this process is to have an API that cannot be there yet: its routes are a 503 then, no 404. */
  readonly isWaiting: boolean;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tls?: HttpDeps['tls'];
}

/** Gives the body of an answer; throws what is to be told instead. */
type Answer = (request: IncomingMessage) => Promise<{
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly retryAfterS?: number;
}>;

const JSON_TYPE = 'application/json';
/** A health check and a scrape have no body to speak of. */
const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_AFTER_S = 5;

/**
 * Health and metrics for a process that has no API: a worker, or any process as long as it waits for its
 * database. What it answers is what the API's own routes answer.
 */
export function createWorkerServer(deps: WorkerServerDeps): HttpServer {
  const publish = createPublish(deps);
  const routes = createRoutes(deps);

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const begun = performance.now();
    const [path = ''] = (req.url ?? '').split('?', 1);
    res.once('close', () => {
      const seconds = (performance.now() - begun) / 1000;
      deps.metrics?.observeRequest(routeOf(path), req.method ?? '', res.statusCode, seconds);
    });
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Referrer-Policy', 'no-referrer');
    if (deps.isWaiting || routeOf(path) !== 'ui') res.setHeader('Cache-Control', 'no-store');
    respond(req, res, path, routes.get(path) ?? notHere(deps)).catch((error: unknown) =>
      refuse(req, res, publish, error),
    );
  };
  const server = deps.tls ? createTlsServer(deps.tls, answer) : createServer(answer);
  server.requestTimeout = REQUEST_TIMEOUT_MS;

  return {
    listen: (host, port) => listen(server, host, port),
    stop: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function createRoutes({ readiness, metrics, authorize }: WorkerServerDeps): ReadonlyMap<string, Answer> {
  const json = (status: number, body: object) => ({ status, type: JSON_TYPE, body: JSON.stringify(body) });
  return new Map<string, Answer>([
    ['/healthz', async () => json(200, { status: 'live' })],
    [
      '/readyz',
      async () => {
        const { ready, reason } = await readiness();
        if (ready) return json(200, { status: 'ready' });
        const body = { status: 'unavailable', reason: reason ?? null };
        return { ...json(503, body), retryAfterS: RETRY_AFTER_S };
      },
    ],
    [
      '/metrics',
      async (request) => {
        // Who asks is known to the database only.
        if (metrics === null) throw await unavailable(readiness);
        await authorize(request);
        const { contentType, text } = await metrics.read();
        return { status: 200, type: contentType, body: text };
      },
    ],
  ]);
}

function notHere({ isWaiting, readiness }: WorkerServerDeps): Answer {
  return async () => {
    throw isWaiting ? await unavailable(readiness) : new AppError('ROUTE_NOT_FOUND');
  };
}

async function unavailable(readiness: WorkerServerDeps['readiness']): Promise<AppError> {
  const { reason } = await readiness();
  return new AppError('STORAGE_UNAVAILABLE', {
    ...(reason === undefined ? {} : { message: reason }),
    retryAfterS: RETRY_AFTER_S,
  });
}

async function respond(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  answer: Answer,
): Promise<void> {
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (!isRead && routeOf(path) !== 'ui') {
    res.setHeader('Allow', 'GET, HEAD');
    throw new AppError('METHOD_NOT_ALLOWED');
  }
  const { status, type, body, retryAfterS } = await answer(req);
  if (retryAfterS !== undefined) res.setHeader('Retry-After', String(retryAfterS));
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function routeOf(path: string): Route {
  switch (path) {
    case '/healthz':
    case '/readyz':
      return 'health';
    case '/metrics':
      return 'metrics';
    default:
      return 'ui';
  }
}

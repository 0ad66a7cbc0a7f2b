import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Authenticate } from '#server/access/authenticate.ts';
import type { Recognize } from '#server/access/recognize.ts';
import type { Sessions } from '#server/access/sessions.ts';
import { AppError } from '#server/errors.ts';
import type { AcceptMany, RejectMany } from '#server/events/accept-many.ts';
import type { Cosigner } from '#server/witnesses/create-cosigner.ts';
import type { NewId } from '#server/id.ts';
import type { Logger } from '#server/log.ts';
import type { Metrics, Route } from '#server/telemetry/metrics.ts';
import type { ReadingOf, Services } from '#schema/context.ts';
import { createReadCredentials, type RecognizeLink, type SessionCookie } from './credentials.ts';
import { createPublish } from './errors.ts';
import { createExports, type ExportsDeps } from './exports.ts';
import { answerEvents, refuse } from './events.ts';
import { createGraphql } from './graphql.ts';
import { listen } from './listen.ts';
import { type AnswerRoute, createRest, type Readiness } from './rest.ts';
import { answerSession } from './session.ts';
import { createSockets } from './sockets.ts';
import { createTiles, type TilesDeps } from './tiles.ts';
import { createWitness } from './witness.ts';
import { readStaticFiles } from './static-files.ts';

export interface HttpDeps {
  readonly services: Services;
  readonly acceptMany: AcceptMany;
  readonly rejectMany: RejectMany;
  readonly readingOf: ReadingOf;
  /** Whom an `Authorization` header stands for: where a session is not enough. */
  readonly authenticate: Authenticate;
  readonly recognize: Recognize;
  readonly sessions: Pick<Sessions, 'start' | 'end'>;
  readonly sessionCookie: SessionCookie;
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
  /** What finished exports are given out of. */
  readonly exports: Pick<ExportsDeps, 'files' | 'findExport' | 'recordOperation'>;
  /** Ledgers whose tiles anyone may read. */
  readonly publicLedgers: TilesDeps['publicLedgers'];
  /** This appliance as a witness; `null` where it is none. */
  readonly cosigner: Cosigner | null;
  /** Folder of the built UI. */
  readonly uiDir: string;
  readonly newId: NewId;
  readonly log: Logger;
  /** PEM texts; plain HTTP without. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

export interface HttpServer {
  /** Port 0 takes a free one. Errors: as `net.Server.listen`. */
  listen(host: string, port: number): Promise<{ port: number }>;
  /**
   * Stops taking connections, ends streams with APPLIANCE_STOPPING, lets running requests finish for at most
   * `graceMs`, then cuts what is left.
   */
  stop(graceMs: number): Promise<void>;
}

type Answer = (req: IncomingMessage, res: ServerResponse) => Promise<unknown>;

/** What says itself how long it may be kept. */
const OWN_CACHING: ReadonlySet<Route> = new Set<Route>(['ui', 'tiles', 'exports', 'witness']);

const GRAPHQL = '/graphql';
const GRAPHQL_WS = '/graphql/ws';
const EVENTS = '/v1/events';
const SESSION = '/session';

/** Makes the server: one switch by exact path in front of GraphQL, event intake, WebSockets and the rest. */
export function createHttpServer(given: HttpDeps): HttpServer {
  const deps = counted(given);
  const stopping = new AbortController();
  const publish = createPublish({ log: deps.log, newId: deps.newId, clock: deps.services.clock });
  const parts = createParts(deps, publish, stopping.signal);
  const { routes, sockets } = parts;
  const open = new Set<ServerResponse>();

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const begun = performance.now();
    const path = pathOf(req.url);
    const { route, handle } = routes(path);
    open.add(res);
    res.once('close', () => {
      open.delete(res);
      const seconds = (performance.now() - begun) / 1000;
      deps.metrics.observeRequest(route, req.method ?? '', res.statusCode, seconds);
      // A stream that ended leaves its connection open: nobody else will close it.
      if (stopping.signal.aborted) setImmediate(() => server.closeIdleConnections());
    });
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Referrer-Policy', 'no-referrer');
    if (!OWN_CACHING.has(route)) res.setHeader('Cache-Control', 'no-store');
    if (stopping.signal.aborted) return refuse(req, res, publish, stopping.signal.reason);
    handle(req, res).catch((error: unknown) => refuse(req, res, publish, error));
  };

  const server: Server = deps.tls ? createTlsServer(deps.tls, answer) : createServer(answer);
  // NDJSON streams may take for ever; other bodies have a limit of their own.
  server.requestTimeout = 0;
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A connection that breaks while it is being upgraded.
    socket.on('error', () => socket.destroy());
    if (pathOf(req.url) === GRAPHQL_WS && !stopping.signal.aborted) sockets.upgrade(req, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });

  return {
    listen: (host, port) => listen(server, host, port),
    stop: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Whoever is answered from now on is told that the connection ends with it.
      for (const res of open) if (!res.headersSent) res.shouldKeepAlive = false;
      stopping.abort(new AppError('APPLIANCE_STOPPING'));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await Promise.all([closed, sockets.close(graceMs)]);
      clearTimeout(cut);
      await parts.dispose();
    },
  };
}

function createParts(deps: HttpDeps, publish: ReturnType<typeof createPublish>, stopping: AbortSignal) {
  const { acceptMany, rejectMany, authenticate, recognize, metrics } = deps;
  const { services, readingOf, sessions, sessionCookie: cookie } = deps;
  const readCredentials = createReadCredentials(cookie);
  const graphqlDeps = { services, readingOf, recognize, readCredentials, stopping, publish };
  const graphql = createGraphql(graphqlDeps);
  const sockets = createSockets(graphqlDeps, graphql.yoga);
  const recognizeLink: RecognizeLink = (header) => recognize(readCredentials('LINK', header));
  const routes = createRoutes(deps, publish, recognizeLink);
  const rest = createRest({ ...deps, recognizeLink, publish, routes, files: readStaticFiles(deps.uiDir) });
  const listener = getRequestListener(rest.fetch, { overrideGlobalObjects: false });
  let lines = 0;
  const onStream = (): (() => void) => {
    lines += 1;
    return () => {
      lines -= 1;
    };
  };
  metrics.watchStreams('websocket', sockets.count);
  metrics.watchStreams('ndjson', () => lines);
  const events: Answer = (req, res) =>
    answerEvents(req, res, { acceptMany, rejectMany, authenticate, publish, stopping, onStream });
  const session: Answer = (req, res) => answerSession(req, res, { sessions, readCredentials, cookie });
  const others: Answer = async (req, res) => listener(req, res);
  const find = (path: string): { route: Route; handle: Answer } => {
    switch (path) {
      case GRAPHQL:
        return { route: 'graphql', handle: graphql.answer };
      case EVENTS:
        return { route: 'events', handle: events };
      case SESSION:
        return { route: 'session', handle: session };
      case '/metrics':
        return { route: 'metrics', handle: others };
      case '/healthz':
      case '/readyz':
        return { route: 'health', handle: others };
      default:
        return { route: routeOf(path), handle: others };
    }
  };
  return { routes: find, sockets, dispose: async () => await graphql.yoga.dispose() };
}

/** What answers requests under a path of its own, tried in this order. */
function createRoutes(
  deps: HttpDeps,
  publish: ReturnType<typeof createPublish>,
  recognizeLink: RecognizeLink,
): readonly AnswerRoute[] {
  const { readingOf, publicLedgers, cosigner } = deps;
  return [
    createTiles({ recognizeLink, readingOf, publicLedgers, publish }),
    createExports({ ...deps.exports, recognizeLink, publish }),
    ...(cosigner === null ? [] : [createWitness({ cosigner })]),
  ];
}

function routeOf(path: string): Route {
  if (path.startsWith('/ledgers/')) return 'tiles';
  if (path.startsWith('/exports/')) return 'exports';
  return path.startsWith('/witness/') ? 'witness' : 'ui';
}

/** Counts receipts on their way out, and subscriptions while they listen, whichever way they came in. */
function counted(deps: HttpDeps): HttpDeps {
  const { services, acceptMany, metrics } = deps;
  const listening = new Set<() => void>();
  metrics.watchStreams('subscription', () => listening.size);
  return {
    ...deps,
    services: {
      ...services,
      events: {
        ...services.events,
        onGrowth: (ledger, wake) => {
          const end = services.events.onGrowth(ledger, wake);
          listening.add(wake);
          return () => {
            listening.delete(wake);
            end();
          };
        },
      },
      accept: async (request) => {
        const receipts = await services.accept(request);
        metrics.countReceipts(request.ack, receipts);
        return receipts;
      },
    },
    acceptMany: async (request) => {
      const receipts = await acceptMany(request);
      metrics.countReceipts(request.ack, receipts);
      return receipts;
    },
  };
}

/** The path without the query; what is not a path goes to the same 404 as an unknown one. */
function pathOf(url: string | undefined): string {
  const [path = ''] = (url ?? '').split('?', 1);
  return path;
}

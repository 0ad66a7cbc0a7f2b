import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type DocumentNode, type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Credentials } from '#server/access/recognize.ts';
import { AppError } from '#server/errors.ts';
import {
  type Context,
  handleProtocols,
  makeServer,
  type OperationResult,
  type SubscribePayload,
  type WebSocket as GraphqlWebSocket,
} from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import { decodeUtf8 } from './body.ts';
import { headersOf } from './credentials.ts';
import { ClientGone, type Publish, toGraphqlError } from './errors.ts';
import { contextOf, type GraphqlDeps, type Yoga } from './graphql.ts';
import { MESSAGE_BYTES_MAX, SOCKET_OPERATIONS_MAX } from './limits.ts';
import { refuseDeepDocument } from './document-nesting.ts';

/** GraphQL over WebSockets (protocol graphql-transport-ws). */
export interface Sockets {
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly count: () => number;
  /**
   * Says goodbye to everyone (1001, clients come back by themselves) and cuts whoever stays past the time.
   */
  readonly close: (timeoutMs: number) => Promise<void>;
}

/** Beyond the connection: the socket, its request, and what the caller gave to be recognized by. */
interface Extra extends Record<PropertyKey, unknown> {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Aborts when the connection has ended. */
  readonly gone: AbortSignal;
  credentials: Credentials;
}

type Init = { readonly authorization?: unknown };
type SocketContext = Context<Init & Record<string, unknown>, Extra>;

/** What Yoga prepares for one operation; its own types leave these open. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly parse: (source: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  readonly contextFactory: () => unknown;
  readonly execute: (args: ExecutionArgs) => OperationResult;
  readonly subscribe: (args: ExecutionArgs) => OperationResult;
}

const BAD_REQUEST = 4400;
const UNAUTHORIZED = 4401;
const INTERNAL_ERROR = 4500;
const GOING_AWAY = 1001;
/** What is known before the first message. */
const NOTHING: Credentials = { authorization: null, session: null };
const PING_MS = 12_000;

/**
 * Makes the WebSocket side. The token comes in `connection_init`'s payload, `{ "authorization": "Bearer …"
 * }`, or in the upgrade request's header; a page of this appliance may come with its session's cookie
 * instead. Without a valid one the socket is closed with 4401. It is checked again for every operation.
 */
export function createSockets(deps: GraphqlDeps, yoga: Yoga): Sockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX, handleProtocols });
  const server = makeServer<Init & Record<string, unknown>, Extra>({
    onConnect: async ({ connectionParams, extra }) => {
      const given = connectionParams?.authorization;
      const sent = deps.readCredentials('SOCKET', headersOf(extra.request));
      extra.credentials = typeof given === 'string' ? { ...sent, authorization: given } : sent;
      if ((await deps.recognize(extra.credentials)) !== null) return true;
      extra.socket.close(UNAUTHORIZED, 'Unauthorized');
      return false;
    },
    onSubscribe: async (context, _id, payload) => {
      try {
        return await prepare(deps, yoga, context, payload);
      } catch (error) {
        return [toGraphqlError(error, deps.publish)];
      }
    },
    // Prepared by Yoga: its own functions execute, so limits and masking are those of HTTP.
    execute: (args) => ownFunctions(args).execute(args),
    subscribe: (args) => ownFunctions(args).subscribe(args),
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) => toGraphqlError(error, deps.publish).toJSON()),
  });

  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const ended = new AbortController();
    const extra = { socket, request, gone: ended.signal, credentials: NOTHING };
    const opened = server.opened(transportOf(socket, deps.publish), extra);
    const stopPings = keepAlive(socket);
    // A broken message or connection; `ws` closes the socket itself.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      stopPings();
      ended.abort(new ClientGone());
      opened(code, String(reason)).catch(deps.publish);
    });
  });

  return {
    upgrade: (req, socket, head) => {
      sockets.handleUpgrade(req, socket, head, (opened) => sockets.emit('connection', opened, req));
    },
    count: () => sockets.clients.size,
    close: async (timeoutMs) => {
      for (const client of sockets.clients) client.close(GOING_AWAY, 'Going away');
      const cut = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, timeoutMs);
      const gone = [...sockets.clients].map(
        (client) => new Promise((resolve) => client.once('close', resolve)),
      );
      await Promise.all(gone);
      clearTimeout(cut);
    },
  };
}

/** A socket as graphql-ws wants it. */
function transportOf(socket: WebSocket, publish: Publish): GraphqlWebSocket {
  return {
    protocol: socket.protocol,
    send: (data) =>
      new Promise((resolve) => {
        // The callback comes when the message has left: that holds a fast stream to a slow reader's pace.
        if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
        else resolve();
      }),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (receive) => {
      socket.on('message', (data: Buffer) => {
        const message = readMessage(data);
        if (message === null) return socket.close(BAD_REQUEST, 'Invalid message received');
        receive(message).catch((error: unknown) => {
          publish(error);
          socket.close(INTERNAL_ERROR, 'Internal error');
        });
      });
    },
  };
}

async function prepare(deps: GraphqlDeps, yoga: Yoga, context: SocketContext, params: SubscribePayload) {
  if (Object.keys(context.subscriptions).length > SOCKET_OPERATIONS_MAX) {
    const message = `The connection has ${SOCKET_OPERATIONS_MAX} operations under way, which is the limit.`;
    return [new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX' } })];
  }
  const { credentials, gone } = context.extra;
  const caller = await deps.recognize(credentials);
  if (caller === null) {
    context.extra.socket.close(UNAUTHORIZED, 'Unauthorized');
    return [new GraphQLError('No valid token was given.', { extensions: { code: 'UNAUTHENTICATED' } })];
  }
  const enveloped: Enveloped = yoga.getEnveloped({
    app: contextOf(deps, caller, credentials, gone),
    params,
  });
  const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped;
  const tooDeep = deepDocument(params.query);
  if (tooDeep !== null) return [tooDeep];
  const document = parse(params.query);
  const errors = validate(schema, document);
  if (errors.length > 0) return [...errors];
  return {
    schema,
    document,
    operationName: params.operationName,
    variableValues: params.variables,
    contextValue: await contextFactory(),
    rootValue: { execute, subscribe },
  };
}

/** The functions that `prepare` put beside the arguments. */
function ownFunctions(args: ExecutionArgs): Pick<Enveloped, 'execute' | 'subscribe'> {
  return args.rootValue as Pick<Enveloped, 'execute' | 'subscribe'>;
}

/** Ends connections whose other side is gone without a word. */
function keepAlive(socket: WebSocket): () => void {
  let isAnswered = true;
  socket.on('pong', () => {
    isAnswered = true;
  });
  const timer = setInterval(() => {
    if (!isAnswered) socket.terminate();
    isAnswered = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

/**
 * Reads a message as exactly as HTTP bodies are read: every digit is kept, and a member that is given twice
 * is refused. `null` where it is not JSON in UTF-8.
 */
function readMessage(data: Buffer): string | null {
  try {
    const message = parseJson(decodeUtf8(data));
    // graphql-ws parses what is text, and so would read text in text inexactly after all. What was parsed it
    // takes as it is; its types do not know that.
    return typeof message === 'string' ? null : (message as JsonValue as string);
  } catch {
    // It is answered as graphql-ws answers what it cannot read.
    return null;
  }
}

function deepDocument(document: unknown): GraphQLError | null {
  try {
    refuseDeepDocument(document);
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return new GraphQLError(error.message, { extensions: { code: error.code } });
  }
}

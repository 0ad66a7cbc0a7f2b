import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DocumentNode, parse } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Caller } from '#server/access/caller.ts';
import type { Credentials, Recognize } from '#server/access/recognize.ts';
import { AppError } from '#server/errors.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import type { AppContext, ReadingOf, Services } from '#schema/context.ts';
import { schema } from '#schema/index.ts';
import { createIngest } from '#schema/ingest.ts';
import { refuseDeepDocument } from './document-nesting.ts';
import { hangUp, parseBody, plainType, readBody } from './body.ts';
import { headersOf, type ReadCredentials } from './credentials.ts';
import { ClientGone, type PublicError, type Publish, setErrorHeaders, toGraphqlError } from './errors.ts';
import { TOKENS_MAX } from './limits.ts';
import { aliasRule, limitsRule } from './query-limits.ts';

export interface GraphqlDeps {
  readonly services: Services;
  readonly readingOf: ReadingOf;
  readonly recognize: Recognize;
  readonly readCredentials: ReadCredentials;
  readonly stopping: AbortSignal;
  readonly publish: Publish;
}

/** What goes with a request through Yoga: everything about it that was decided before. */
interface RequestContext {
  readonly app: AppContext;
  readonly sent: GraphQLParams;
}

export type Yoga = YogaServerInstance<RequestContext, AppContext>;

/** Answers GraphQL over HTTP: queries and mutations as JSON, subscriptions as server-sent events. */
export interface GraphqlOverHttp {
  readonly answer: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** For other transports: the same parsing, validation, limits and masking. */
  readonly yoga: Yoga;
}

/**
 * Makes the handler. A request is authenticated before its body is read; the body is read and parsed here,
 * exactly, and Yoga gets the outcome: its own body reading loses digits and goes through web streams, which
 * cost more than all the rest.
 */
export function createGraphql(deps: GraphqlDeps): GraphqlOverHttp {
  const yoga: Yoga = createYoga<RequestContext, AppContext>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    cors: false,
    logging: false,
    maxRequestBodySize: false,
    maskedErrors: { maskError: (error) => toGraphqlError(error, deps.publish) },
    context: ({ app }) => app,
    plugins: [takeParsedBody(), limitQueries(), shortenIngest()],
  });
  return {
    yoga,
    answer: async (req, res) => {
      try {
        const credentials = deps.readCredentials('CALL', headersOf(req));
        const caller = await deps.recognize(credentials);
        if (caller === null) throw new AppError('UNAUTHENTICATED');
        const sent = req.method === 'POST' ? checkMembers(await readJson(req)) : parseQuery(req.url ?? '');
        const gone = new AbortController();
        // After the whole answer it tells nobody anything.
        res.once('close', () => gone.abort(new ClientGone()));
        const app = contextOf(deps, caller, credentials, gone.signal);
        await yoga(req, res, { app, sent });
      } catch (error) {
        refuse(req, res, deps.publish(error));
      }
    },
  };
}

/** What resolvers get for one operation of the caller. */
export function contextOf(
  { services, readingOf, stopping, recognize }: GraphqlDeps,
  caller: Caller,
  credentials: Credentials,
  gone: AbortSignal,
): AppContext {
  return {
    caller,
    services,
    revealed: services.revealsOf(caller),
    ...readingOf(caller.ledgers),
    stopping,
    gone,
    reauthenticate: async () => {
      if ((await recognize(credentials)) === null) throw new AppError('UNAUTHENTICATED');
    },
  };
}

async function readJson(req: IncomingMessage): Promise<JsonValue> {
  if (plainType(req) !== 'application/json') {
    throw new AppError('MEDIA_TYPE_UNSUPPORTED', {
      message: 'Send application/json in UTF-8, not compressed.',
    });
  }
  return parseBody(await readBody(req));
}

const PARAMETERS: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions']);

/** Yoga checks the members' types; this sees to it that there are no others. */
function checkMembers(body: JsonValue): GraphQLParams {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('BODY_INVALID', { message: 'The body must be an object with the member query.' });
  }
  const unknown = Object.keys(body).find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    throw new AppError('BODY_INVALID', { message: `The body has the member ${JSON.stringify(unknown)}.` });
  }
  const params = body as GraphQLParams;
  refuseDeepDocument(params.query);
  return params;
}

function parseQuery(url: string): GraphQLParams {
  const start = url.indexOf('?');
  const search = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const json = (name: string): GraphQLParams['variables'] => {
    const text = search.get(name);
    return text === null || text === '' ? undefined : (parseBody(text) as GraphQLParams['variables']);
  };
  const text = (name: string): string | undefined => search.get(name) ?? undefined;
  const [query, operationName] = [text('query'), text('operationName')];
  refuseDeepDocument(query);
  const [variables, extensions] = [json('variables'), json('extensions')];
  return { query, operationName, variables, extensions } as GraphQLParams;
}

/** Answers a request that does not get as far as GraphQL, in GraphQL's shape. */
function refuse(req: IncomingMessage, res: ServerResponse, error: PublicError): void {
  // A client that is gone, or an answer that was begun: there is nobody to tell.
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const accept = req.headers.accept ?? '';
  const type = accept.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  const { status, message, ...extensions } = error;
  res.statusCode = status;
  res.setHeader('Content-Type', `${type}; charset=utf-8`);
  setErrorHeaders(res, error);
  hangUp(req, res);
  res.end(JSON.stringify({ errors: [{ message, extensions }] }));
}

function takeParsedBody(): Plugin<RequestContext> {
  return {
    onRequestParse: ({ serverContext, setRequestParser }) => {
      // Yoga's type knows only what its adapter adds; `answer` gave the rest.
      const { sent } = serverContext as Partial<RequestContext>;
      if (sent) setRequestParser(() => sent);
    },
  };
}

function limitQueries(): Plugin {
  const parseLimited = (source: Parameters<typeof parse>[0], options?: object): DocumentNode =>
    parse(source, { ...options, maxLexicalTokens: TOKENS_MAX });
  return {
    onParse: ({ setParseFn }) => setParseFn(parseLimited),
    onValidate: ({ addValidationRule }) => {
      addValidationRule(limitsRule);
      addValidationRule(aliasRule);
    },
  };
}

function shortenIngest(): Plugin {
  const ingest = createIngest(schema);
  return {
    onExecute: ({ args }) => {
      args.schema = ingest.schemaFor(args);
    },
  };
}

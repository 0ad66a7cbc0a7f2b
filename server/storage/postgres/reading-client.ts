import { AsyncLocalStorage } from 'node:async_hooks';
import { PrismaPg } from '@prisma/adapter-pg';
import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQueryable,
  Transaction,
} from '@prisma/driver-adapter-utils';
import { Pool, type PoolConfig, type QueryArrayConfig, type QueryArrayResult } from 'pg';
import { PrismaClient } from '#prisma/generated/postgresql/client.ts';
import type { PrismaClient as SqlitePrismaClient } from '#prisma/generated/sqlite/client.ts';
import { AppError, FatalError } from '#server/errors.ts';
import { createLedgerWall, type LedgerWall, queryBehindWall, type WalledLedgers } from './ledger-wall.ts';
import { translated } from './open.ts';

export interface ReadingClientOptions {
  readonly url: string;
  /** A standby that may lag behind; `null` where there is none. */
  readonly replicaUrl: string | null;
  /** Most connections to each of the two. */
  readonly max: number;
  /** As `pg_stat_activity` shows them. */
  readonly name: string;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Told of connections that broke while nobody used them, and of each read that the replica failed. */
  readonly onError?: (error: unknown) => void;
}

/** The two clients of one caller. Each sees the caller's ledgers and no others, whatever it is asked for. */
export interface BoundClients {
  /** Reads what is committed now. */
  readonly db: SqlitePrismaClient;
  /** Reads from the replica, which may lag behind; where there is none, or it fails, as `db`. */
  readonly history: SqlitePrismaClient;
}

export interface ReadingClient {
  /**
   * Clients for the ledgers of these ids, `*` for all; cheap enough for every request. They only read.
   * Their errors: STORAGE_UNAVAILABLE beside Prisma's own.
   */
  bind(ledgers: WalledLedgers): BoundClients;
  stop(): Promise<void>;
}

type RunQuery = (query: QueryArrayConfig) => Promise<QueryArrayResult>;

const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 30_000;
/** What takes longer on the replica is asked of the primary. */
const REPLICA_TIMEOUTS = { connectionTimeoutMillis: 1000, query_timeout: 10_000 };
/** How long a read may take before the caller is told that the database does not answer. */
const PRIMARY_TIMEOUT_MS = 25_000;
/** How long the replica is left alone after it failed. */
const REPLICA_REST_MS = 5000;

/**
 * Opens the Prisma client that GraphQL reads through. It connects when it is first used.
 *
 * There is one Prisma client for all callers, since one costs a megabyte and several milliseconds. What a
 * caller gets is a view of it that runs every operation in an interactive transaction, and that transaction
 * puts each statement behind the caller's wall (`queryBehindWall`). Outside of such a transaction the client
 * has no connection at all, so nothing can be read without a wall.
 */
export function openReadingClient(options: ReadingClientOptions): ReadingClient {
  const { now, onError = () => undefined } = options;
  const primary = openReadingPool(options.url, { ...options, query_timeout: PRIMARY_TIMEOUT_MS });
  const replica =
    options.replicaUrl === null
      ? null
      : openReadingPool(options.replicaUrl, { ...options, ...REPLICA_TIMEOUTS });
  const wall = createLedgerWall(primary);
  const shared = new PrismaClient({
    adapter: SCOPED_ADAPTER,
    // The server ends statements that take too long; Prisma's own limits must not be shorter.
    transactionOptions: { maxWait: 60_000, timeout: 300_000 },
  });
  let restsUntil = 0;

  const bind = (ledgers: WalledLedgers): BoundClients => {
    const onPrimary: RunQuery = (query) => run(primary, wall, ledgers, query);
    const db = bindTo(shared, onPrimary);
    if (replica === null) return { db, history: db };
    const onReplica: RunQuery = async (query) => {
      if (now() < restsUntil) return await onPrimary(query);
      try {
        return await run(replica, wall, ledgers, query);
      } catch (error) {
        // Down, too slow, or without a table that it has yet to hear of: the primary knows all that it knows.
        restsUntil = now() + REPLICA_REST_MS;
        onError(error);
        return await onPrimary(query);
      }
    };
    return { db, history: bindTo(shared, onReplica) };
  };

  return {
    bind,
    async stop() {
      await shared.$disconnect();
      await Promise.all([primary.end(), replica?.end()]);
    },
  };
}

function openReadingPool(url: string, options: ReadingClientOptions & PoolConfig): Pool {
  const { max, name, onError } = options;
  const pool = new Pool({
    connectionString: url,
    max,
    application_name: name,
    connectionTimeoutMillis: options.connectionTimeoutMillis ?? CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    query_timeout: options.query_timeout,
    keepAlive: true,
    // The wall goes with the statement behind it, in one round trip.
    pipeline: true,
  });
  // Without a listener the process would end of it; the pool makes a new one by itself.
  pool.on('error', (error) => onError?.(error));
  // The same of one that breaks while it is used: its statements fail.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

async function run(
  pool: Pool,
  wall: LedgerWall,
  ledgers: WalledLedgers,
  query: QueryArrayConfig,
): Promise<QueryArrayResult> {
  return await translated(async () => await queryBehindWall(pool, await wall.settingOf(ledgers), query));
}

/** One operation of a caller: how its statements are run, and what the storage said when one failed. */
interface Scope {
  readonly queryable: SqlQueryable;
  /** Prisma rewrites every error that comes from below. */
  failure: AppError | FatalError | null;
}

/** The operation whose transaction is being started: the one way to hand it to the adapter. */
const scopes = new AsyncLocalStorage<Scope>();

function bindTo(shared: PrismaClient, runQuery: RunQuery): SqlitePrismaClient {
  let queryable: Promise<SqlQueryable> | null = null;
  const bound = shared.$extends({
    query: {
      $allOperations: async ({ model, operation, args }) => {
        if (model === undefined) throw new Error(`A reading client has no ${operation}.`);
        queryable ??= toQueryable(runQuery);
        const scope: Scope = { queryable: await queryable, failure: null };
        try {
          return await scopes.run(scope, () =>
            shared.$transaction((transaction) => operate(transaction, model, operation, args)),
          );
        } catch (error) {
          throw scope.failure ?? error;
        }
      },
    },
  });
  // The models that both databases have are the same, and what SQLite's types allow Postgres does.
  return bound as never;
}

/** Prisma's models and their operations, by name. */
type Delegates = Readonly<
  Record<string, Readonly<Record<string, (args: unknown) => Promise<unknown>>> | undefined>
>;

function operate(client: object, model: string, operation: string, args: unknown): Promise<unknown> {
  const name = model.charAt(0).toLowerCase() + model.slice(1);
  const method = (client as Delegates)[name]?.[operation];
  if (method === undefined) throw new Error(`${model} has no ${operation}.`);
  return method(args);
}

/** Prisma's own adapter over queries of ours: it knows how values and errors are to be turned. */
async function toQueryable(query: RunQuery): Promise<SqlQueryable> {
  // A pool that never connects: the adapter calls nothing but its `query`.
  return await new PrismaPg(Object.assign(new Pool(), { query })).connect();
}

const PROVIDER = { provider: 'postgres', adapterName: 'indelible-reading' } as const;

const refuse = async (): Promise<never> => {
  throw new Error('A reading client reads, and only for somebody.');
};

const SCOPED: SqlDriverAdapter = {
  ...PROVIDER,
  queryRaw: refuse,
  executeRaw: refuse,
  executeScript: refuse,
  startTransaction: async () => {
    const scope = scopes.getStore();
    return scope === undefined ? await refuse() : startReading(scope);
  },
  getConnectionInfo: () => ({ supportsRelationJoins: true }),
  dispose: async () => undefined,
};

const SCOPED_ADAPTER: SqlDriverAdapterFactory = { ...PROVIDER, connect: async () => SCOPED };

/** A transaction to Prisma; to the database each of its statements is one of its own. */
function startReading(scope: Scope): Transaction {
  return {
    ...PROVIDER,
    // Neither COMMIT nor ROLLBACK is sent.
    options: { usePhantomQuery: true },
    queryRaw: async (query) => {
      try {
        return await scope.queryable.queryRaw(query);
      } catch (error) {
        if (error instanceof AppError || error instanceof FatalError) scope.failure = error;
        throw error;
      }
    },
    executeRaw: refuse,
    commit: async () => undefined,
    rollback: async () => undefined,
  };
}

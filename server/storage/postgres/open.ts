import { Pool, type PoolClient, TypeOverrides, types } from 'pg';
import { AppError, FatalError } from '#server/errors.ts';

export type PostgresPool = Pool;
export type PostgresClient = PoolClient;

/**
 * What runs a statement: a pool, or the connection of a transaction. The caller says what its columns are.
 */
export type Queryable = Pick<PoolClient, 'query'> | Pick<Pool, 'query'>;

export interface PoolOptions {
  /** Most connections. */
  readonly max: number;
  /** As `pg_stat_activity` shows it. */
  readonly name: string;
  /** Told of a connection that broke while nobody used it; the pool makes a new one by itself. */
  readonly onError?: (error: Error) => void;
  /** How long an answer may take before the server counts as gone; no limit unless given. */
  readonly answerTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 30_000;
/** A statement of ours that takes longer hangs: it waits for a lock of someone who is gone. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** Longer than the server lets any statement of ours run: one that says nothing until then has vanished. */
export const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 15_000;
/** When the operating system begins to ask a server that is silent whether it is still there. */
const KEEP_ALIVE_DELAY_MS = 30_000;
/** A transaction that does nothing for so long holds its locks for a machine that is gone without a word. */
const IDLE_IN_TRANSACTION_MS = 30_000;

// BIGINT comes as a string otherwise. Every one of ours is below 2^53: sizes, indexes, milliseconds.
const parsers = new TypeOverrides();
parsers.setTypeParser(types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is not a whole number below 2^53`);
  return value;
});

/** A pool of connections that may write. It connects when it is first used. */
export function openPool(url: string, { max, name, onError, answerTimeoutMs }: PoolOptions): PostgresPool {
  const pool = new Pool({
    connectionString: url,
    max,
    application_name: name,
    types: parsers,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    // Where the network goes silent the operating system finds out, not the next event.
    ...(answerTimeoutMs === undefined ? {} : { query_timeout: answerTimeoutMs }),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  });
  // Without a listener the process would end of it.
  pool.on('error', (error) => onError?.(error));
  // The same of one that breaks between two statements of whoever uses it: the next statement then fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Begins a transaction in which all ledgers are visible (`ledger_wall`), and in which a commit is on the disk
 * when it returns, whatever the server's default is. One round trip.
 *
 * @param idleTimeoutMs how long the transaction may do nothing before the database ends it; 0: for ever
 */
export async function begin(client: PostgresClient, idleTimeoutMs = 0, lockTimeoutMs = 0): Promise<void> {
  await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED;
     SET LOCAL synchronous_commit = on;
     SET LOCAL indelible.ledgers = '*';
     SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS};
     SET LOCAL idle_in_transaction_session_timeout = ${idleTimeoutMs};
     SET LOCAL lock_timeout = ${lockTimeoutMs};`,
  );
}

/**
 * Runs a transaction; commits when `run` resolves, rolls back when it rejects. A connection on which
 * anything failed that a rollback does not mend is thrown away.
 *
 * @throws AppError STORAGE_UNAVAILABLE in an outage: what was asked for may then have been committed or not
 */
export async function inTransaction<T>(
  pool: PostgresPool,
  run: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  return await translated(async () => {
    const client = await pool.connect();
    let broken: Error | boolean = false;
    try {
      await begin(client, IDLE_IN_TRANSACTION_MS);
      const result = await run(client);
      const { command } = await client.query('COMMIT');
      // Postgres answers so in a transaction that failed before, and with no error.
      if (command !== 'COMMIT') throw new Error(`COMMIT ended in ${command}`);
      return result;
    } catch (error) {
      if (isSilence(error)) broken = true;
      else {
        await client.query('ROLLBACK').catch((failure: unknown) => {
          broken = failure instanceof Error ? failure : true;
        });
      }
      throw error;
    } finally {
      client.release(broken);
    }
  });
}

/**
 * Runs storage code and gives its driver errors the appliance's codes: the one edge where Postgres' codes are
 * known.
 *
 * @throws AppError STORAGE_UNAVAILABLE when the database cannot be reached, is full, read-only or stopping;
 *   FatalError when it says that its files are damaged.
 */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw translateError(error);
  }
}

/**
 * The same around statements that never differ from one event to another: what Postgres has against them is
 * no event's fault.
 *
 * @throws also AppError STORAGE_UNAVAILABLE when rights, tables or functions are missing, or a transaction
 *   was spoilt before
 */
export async function translatedOurs<T>(run: () => Promise<T>): Promise<T> {
  return await translated(async () => {
    try {
      return await run();
    } catch (error) {
      const code = codeOf(error);
      if (!(error instanceof Error) || error instanceof AppError || !OUR_CLASSES.has(code.slice(0, 2)))
        throw error;
      throw unavailable('The database refuses what every batch needs; `indelible doctor` says why.', error);
    }
  });
}

/** Classes of SQLSTATE: not supported, wrong transaction state, no such thing or no right to it, internal. */
const OUR_CLASSES = new Set(['0A', '25', '42', 'XX']);

/** The code of an error: a SQLSTATE, or one of the operating system; empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** SQLSTATE, or its class (two characters), to what an operator is told. */
const OUTAGES: Readonly<Record<string, string>> = {
  '08': 'The connection to the database broke.',
  '25006': 'The database is read-only: it may be a standby.',
  '28': 'The database refuses the user or the password of DATABASE_URL.',
  '3D000': 'The database that DATABASE_URL names does not exist.',
  '40': 'The database ended the transaction in favour of another one.',
  '53': 'The database is out of room, memory or connections.',
  '55P03': 'Another process holds a lock in the database.',
  '57': 'The database is stopping, or an operator ended the connection.',
  '58': 'The database fails to read or write its files.',
};

const DAMAGED = new Set(['XX001', 'XX002']);

/** Errors of the socket and the name lookup, and what `pg` itself says without a code. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
  'ECONNABORTED',
  'EADDRNOTAVAIL',
  'EMFILE',
]);
const CONNECTION_LOST =
  /connection (terminated|timeout|error)|timeout exceeded|read timeout|not queryable|after calling end/iu;

/** The error as the rest of the appliance knows it; one that is no outage comes back as it is. */
export function translateError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError || error instanceof FatalError) return error;
  const code = codeOf(error);
  if (DAMAGED.has(code)) {
    return new FatalError('*', `The database is damaged: ${error.message}`);
  }
  const reason = OUTAGES[code] ?? OUTAGES[code.slice(0, 2)];
  if (code.length === 5 && reason !== undefined) return unavailable(reason, error);
  if (UNREACHABLE.has(code)) return unavailable(`The database cannot be reached (${code}).`, error);
  if (code === '' && CONNECTION_LOST.test(error.message)) {
    return unavailable('The connection to the database broke.', error);
  }
  return error;
}

function unavailable(message: string, cause: Error): AppError {
  return new AppError('STORAGE_UNAVAILABLE', { message, cause });
}

/** Whether the server did not answer in time: nothing more can be asked on that connection. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && /read timeout/iu.test(error.message);
}

/** Hashes are stored as their 32 bytes. */
export function toBytes(hash: string): Buffer {
  return Buffer.from(hash, 'base64');
}

import { Client } from 'pg';
import { AppError } from '#server/errors.ts';
import { POSTGRES_MAJOR_MIN } from './migrate.ts';
import type { StartTimer } from '#server/worker/timer.ts';

export interface WaitOptions {
  readonly url: string;
  /** Name of the setting that the URL comes from, for the operator. */
  readonly setting: string;
  readonly startTimer: StartTimer;
  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal;
  /**
   * Told why it waits, in one sentence without a password, each time the reason is another one; `null` when
   * the wait is over. Not called where nothing had to be waited for.
   */
  readonly tell: (reason: string | null) => void;
}

const CONNECT_TIMEOUT_MS = 5000;
const BACK_OFF_MIN_MS = 500;
const BACK_OFF_MAX_MS = 10_000;

/**
 * Resolves when the database takes connections of this user and can be written, however long that takes: a
 * server that starts together with its database, or before somebody has made the user, needs no restart.
 *
 * @throws AppError CONFIG_INVALID at once where waiting cannot help: the URL is none, or Postgres is too old;
 *   the signal's reason as soon as it aborts
 */
export async function waitForDatabase(options: WaitOptions): Promise<void> {
  const { url, setting, startTimer, signal, tell } = options;
  checkDatabaseUrl(url, setting);
  let told: string | null = null;
  for (let backOffMs = BACK_OFF_MIN_MS; ; backOffMs = Math.min(2 * backOffMs, BACK_OFF_MAX_MS)) {
    signal.throwIfAborted();
    const reason = await untilAborted(signal, findProblem(url, setting));
    if (reason === null) break;
    if (reason !== told) {
      tell(reason);
      told = reason;
      // Something has changed: the next change may come soon.
      backOffMs = BACK_OFF_MIN_MS;
    }
    await pause(backOffMs, startTimer, signal);
  }
  if (told !== null) tell(null);
}

/**
 * Checks that a setting is the URL of a Postgres database.
 *
 * @throws AppError CONFIG_INVALID that says what is wrong and does not show the URL: it may have a password
 */
export function checkDatabaseUrl(url: string, setting: string): void {
  const invalid = (problem: string, cause?: unknown): AppError =>
    new AppError('CONFIG_INVALID', { message: `${setting} ${problem}.`, cause });
  if (!URL.canParse(url)) {
    throw invalid(
      'is not a URL like postgresql://user:password@host:5432/database; ' +
        'characters such as # / ? @ in a password are written %23 %2F %3F %40',
    );
  }
  const { protocol, hash } = new URL(url);
  if (protocol !== 'postgresql:' && protocol !== 'postgres:')
    throw invalid('does not begin with postgresql://');
  if (hash !== '') throw invalid('has a #; in a password it is written %23');
  try {
    // It reads the parameters, and the files of certificates that they name. Nothing is connected.
    newClient(url);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw invalid(`has a parameter that cannot be used${code}`, error);
  }
}

function newClient(url: string): Client {
  return new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
}

interface Found {
  readonly version: number;
  readonly isStandby: boolean;
}

/** Why the database cannot be used now; `null` where it can. */
async function findProblem(url: string, setting: string): Promise<string | null> {
  const client = newClient(url);
  // A connection that breaks later has failed its query too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Found>(
      `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS "isStandby"`,
    );
    const found = rows[0];
    if (found === undefined) throw new Error('the server does not tell its version');
    refuseOldVersion(found.version, setting);
    return found.isStandby ? `${placeOf(client, setting)} is a standby, which cannot be written.` : null;
  } catch (error) {
    if (error instanceof AppError) throw error;
    return describe(error, client, setting);
  } finally {
    // Whatever state it is in: the next attempt has a connection of its own.
    client.end().catch(() => undefined);
  }
}

/**
 * Refuses a Postgres that is too old.
 *
 * @param version as `server_version_num` says it
 * @throws AppError CONFIG_INVALID
 */
export function refuseOldVersion(version: number, setting: string): void {
  const major = Math.floor(version / 10_000);
  if (major >= POSTGRES_MAJOR_MIN) return;
  throw new AppError('CONFIG_INVALID', {
    message: `${setting} leads to Postgres ${major}; version ${POSTGRES_MAJOR_MIN} or newer is needed.`,
  });
}

/** What an operator is told of an error of the server, by its SQLSTATE; the rest is what the server says. */
const REFUSALS: Readonly<Record<string, (client: Client) => string>> = {
  '28P01': ({ user }) => `refuses the password of ${name(user)}`,
  '28000': ({ user }) => `does not let ${name(user)} in: it lacks the user, or pg_hba.conf an entry for it`,
  '3D000': ({ database }) => `has no database ${name(database)}`,
  '42501': ({ user, database }) => `does not let ${name(user)} connect to ${name(database)}`,
  '53300': () => 'has no connection left',
  '57P03': () => 'is starting up or stopping',
};

/** Errors of the socket and the name lookup. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'no way leads to the host',
  ENETUNREACH: 'no way leads to the host',
  ETIMEDOUT: 'it does not answer',
  ENOENT: 'the socket is not there',
  EACCES: 'the socket may not be used',
};

function describe(error: unknown, client: Client, setting: string): string {
  const place = placeOf(client, setting);
  const failure = firstOf(error);
  const code = 'code' in failure && typeof failure.code === 'string' ? failure.code : '';
  const refusal = REFUSALS[code];
  if (refusal !== undefined) return `${place} ${refusal(client)}.`;
  const unreachable = UNREACHABLE[code];
  if (unreachable !== undefined) return `${place} cannot be reached: ${unreachable} (${code}).`;
  if (/timeout|timed out/iu.test(failure.message)) return `${place} cannot be reached: it does not answer.`;
  if (/client password must be a string/u.test(failure.message)) {
    return `${place} wants a password of ${name(client.user)}, and ${setting} has none.`;
  }
  if (/terminated unexpectedly/u.test(failure.message)) return `${place} cuts the connection.`;
  return `${place} cannot be used: ${withoutPassword(failure.message, client)}.`;
}

/** A host with several addresses fails with one error for each of them. */
function firstOf(error: unknown): Error {
  if (error instanceof AggregateError) return firstOf(error.errors[0]);
  return error instanceof Error ? error : new Error(String(error));
}

function placeOf({ host, port }: Client, setting: string): string {
  const place = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `The database at ${place} (${setting})`;
}

function name(text: string | undefined): string {
  return JSON.stringify(text ?? '');
}

function withoutPassword(text: string, { password }: Client): string {
  const line = text.replace(/\s+/gu, ' ').replace(/\.$/u, '');
  return typeof password === 'string' && password !== '' ? line.replaceAll(password, '…') : line;
}

async function untilAborted<T>(signal: AbortSignal, running: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([running, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    // Where the abort came first nobody hears how this ends.
    running.catch(() => undefined);
  }
}

async function pause(ms: number, startTimer: StartTimer, signal: AbortSignal): Promise<void> {
  const passed = Promise.withResolvers<void>();
  const cancel = startTimer(ms, passed.resolve);
  try {
    await untilAborted(signal, passed.promise);
  } finally {
    cancel();
  }
}

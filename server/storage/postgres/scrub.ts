import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, openPool, type PostgresClient, translated } from './open.ts';

/** What was scrubbed, and what somebody has to see to. */
export interface PostgresScrub {
  /** Tables that were written anew. */
  readonly tables: readonly string[];
  /** Sentences for the operator; where there are any, what was erased may still be found. */
  readonly obstacles: readonly string[];
}

/** Written anew besides the partitions that something was erased in. */
const TABLES = ['idempotency_key', 'quarantined_event', 'batch_payload', 'index_segment', 'index_page'];
/** How long a table is waited for, and how often: whoever comes after that wait has to wait, too. */
const LOCK_TIMEOUT_MS = 5000;
const LOCK_ATTEMPTS = 24;
const LOCK_PAUSE_MS = 1000;
/** How long transactions are waited for that still see what was erased. */
const SNAPSHOT_ATTEMPTS = 60;
const SNAPSHOT_PAUSE_MS = 500;
/** Segments of the log that are passed at most: more than any `min_wal_size` in use keeps. */
const SEGMENTS_MAX = 4096;

/**
 * Takes what was erased out of the files of a Postgres server: dead rows, statistics, the write-ahead log.
 * Tables are written anew one after the other; nobody can use a table meanwhile, so recording waits for
 * about a minute for each million records of a partition. Again is no harm.
 *
 * @param url of a superuser: others may neither write catalogs anew nor have the log removed
 * @param tell told what is being done
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function scrubPostgres(url: string, tell: (doing: string) => void): Promise<PostgresScrub> {
  const pool = openPool(url, { max: 1, name: 'indelible scrub' });
  try {
    return await translated(async () => {
      const client = await pool.connect();
      try {
        return await scrub(client, tell);
      } finally {
        client.release(true);
      }
    });
  } finally {
    await pool.end();
  }
}

async function scrub(client: PostgresClient, tell: (doing: string) => void): Promise<PostgresScrub> {
  // Not for a role that only may bypass the wall: without it there would seem to be nothing to do.
  await client.query("SET indelible.ledgers = '*'");
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const blocking = await waitForSnapshots(client);
  if (blocking !== null) return { tables: [], obstacles: [blocking] };
  const tables = await tablesToRewrite(client);
  for (const table of tables) {
    tell(`Writing ${table} anew.`);
    await whenFree(() => client.query(`VACUUM (FULL, ANALYZE) ${table}`));
  }
  // Statistics have values of columns: those of a table with partitions nobody else makes anew.
  await whenFree(() => client.query('ANALYZE public.record'));
  tell('Writing the statistics anew.');
  await whenFree(() => client.query('VACUUM FULL pg_catalog.pg_statistic'));
  tell('Removing the old write-ahead log.');
  const oldest = await removeOldLog(client);
  return { tables, obstacles: await findObstacles(client, oldest) };
}

/** Rows that somebody may still see are kept when a table is written anew. */
async function waitForSnapshots(client: PostgresClient): Promise<string | null> {
  const { rows: marks } = await client.query<{ mark: string }>('SELECT pg_current_xact_id()::xid AS mark');
  const mark = marks[0]?.mark ?? '0';
  for (let attempt = 0; attempt < SNAPSHOT_ATTEMPTS; attempt++) {
    if (attempt > 0) await wait(SNAPSHOT_PAUSE_MS);
    const { rows } = await client.query<{ who: string }>(
      `SELECT format('the connection %s (%s)', pid, application_name) AS who
       FROM pg_stat_activity
       WHERE pid <> pg_backend_pid() AND backend_xmin IS NOT NULL AND age(backend_xmin) >= age($1::xid)
       UNION ALL SELECT format('the replication slot %s', slot_name) FROM pg_replication_slots
       WHERE xmin IS NOT NULL AND age(xmin) >= age($1::xid)
       UNION ALL SELECT format('the prepared transaction %s', gid) FROM pg_prepared_xacts
       LIMIT 1`,
      [mark],
    );
    if (rows.length === 0) return null;
    if (attempt === SNAPSHOT_ATTEMPTS - 1)
      return `Nothing was done: ${rows[0]?.who} still sees what was erased.`;
  }
  return null;
}

async function tablesToRewrite(client: PostgresClient): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT r.tableoid::regclass::text AS name
     FROM erasure e JOIN record r ON r.ledger_no = e.ledger_no AND r.idx = e.idx
     WHERE e.applied_at IS NOT NULL AND e.scrubbed_at IS NULL ORDER BY 1`,
  );
  return [...rows.map(({ name }) => name), ...TABLES.map((name) => `public.${name}`)];
}

/** Tries again where a table is in use: whoever uses it goes first, and nobody waits long behind us. */
async function whenFree(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      // Not available within lock_timeout, or a deadlock that was ended in favour of another one.
      const isBusy = codeOf(error) === '55P03' || codeOf(error) === '40P01';
      if (!isBusy || attempt === LOCK_ATTEMPTS) throw error;
      await wait(LOCK_PAUSE_MS);
    }
  }
}

/**
 * Has the server delete its log up to now. It would keep segments for later use, with what is in them, also
 * such with higher numbers: those are passed, which overwrites them.
 *
 * @returns name of the oldest segment that may stay
 */
async function removeOldLog(client: PostgresClient): Promise<string> {
  await client.query('ALTER SYSTEM SET wal_recycle = off');
  try {
    await client.query('SELECT pg_reload_conf()');
    const last = await lastSegment(client);
    let current = await passSegment(client);
    for (let passed = 0; current <= last && passed < SEGMENTS_MAX; passed++)
      current = await passSegment(client);
    // The first one lets go of what the one before it needed.
    for (let times = 0; times < 2; times++) await client.query('CHECKPOINT');
    return current;
  } finally {
    await client.query('ALTER SYSTEM RESET wal_recycle');
    await client.query('SELECT pg_reload_conf()');
  }
}

async function lastSegment(client: PostgresClient): Promise<string> {
  const { rows } = await client.query<{ name: string | null }>(
    `SELECT max(name) AS name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'`,
  );
  return rows[0]?.name ?? '';
}

/** Writes something and begins the next segment; gives its name. */
async function passSegment(client: PostgresClient): Promise<string> {
  await client.query("SELECT pg_logical_emit_message(false, 'indelible', 'scrub', true), pg_switch_wal()");
  const { rows } = await client.query<{ name: string }>(
    'SELECT pg_walfile_name(pg_current_wal_insert_lsn() + 1) AS name',
  );
  return rows[0]?.name ?? '';
}

async function findObstacles(client: PostgresClient, oldest: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ kept: number; archive: string; standbys: number }>(
    `SELECT (SELECT count(*)::int FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND name < $1) AS kept,
       current_setting('archive_mode') AS archive,
       (SELECT count(*)::int FROM pg_stat_replication) AS standbys`,
    [oldest],
  );
  const { kept = 0, archive = 'off', standbys = 0 } = rows[0] ?? {};
  const sentences: string[] = [];
  if (kept > 0) {
    sentences.push(
      `${kept} old segments of the write-ahead log are kept, by wal_keep_size or a replication slot.`,
    );
  }
  if (archive !== 'off') sentences.push('The archived write-ahead log has what was erased: see to it.');
  if (standbys > 0)
    sentences.push('Replicas keep their own log: run CHECKPOINT there, and see to their files.');
  return sentences;
}

import { inTransaction, type PostgresPool } from './open.ts';

/** Names the lock among the advisory locks of the database: "indelible, start". */
const START_LOCK = 1_769_235_565;

/**
 * Runs something that two processes must not do at once: the second waits until the first is done, or dead.
 * The lock is a transaction's, so that it also holds through PgBouncer.
 */
export async function onceAtATime<T>(pool: PostgresPool, run: () => Promise<T>): Promise<T> {
  return await inTransaction(pool, async (client) => {
    // However long the first one needs, and whatever it does meanwhile on other connections.
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    // A machine that vanishes meanwhile must not keep the others waiting for longer than about half a minute.
    await client.query(
      'SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; ' +
        'SET LOCAL tcp_keepalives_count = 3; SET LOCAL tcp_user_timeout = 30000',
    );
    await client.query('SELECT pg_advisory_xact_lock($1)', [START_LOCK]);
    return await run();
  });
}

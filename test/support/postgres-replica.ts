import { Client } from 'pg';
import type { PostgresCluster } from './postgres-cluster.ts';

/** Holds a standby back, so that it lags for as long as a test wants. */
export async function pauseReplay(standby: PostgresCluster): Promise<void> {
  await ask(standby, 'postgres', 'SELECT pg_wal_replay_pause()');
  await until(standby, "SELECT pg_get_wal_replay_pause_state() = 'paused' AS is_so");
}

/** Lets it go on. */
export async function resumeReplay(standby: PostgresCluster): Promise<void> {
  await ask(standby, 'postgres', 'SELECT pg_wal_replay_resume()');
}

/** Resolves when the standby has all that the primary has now. */
export async function untilCaughtUp(primary: PostgresCluster, standby: PostgresCluster): Promise<void> {
  const [row] = await ask(primary, 'postgres', 'SELECT pg_current_wal_lsn() AS lsn');
  await until(standby, `SELECT pg_last_wal_replay_lsn() >= '${String(row?.['lsn'])}'::pg_lsn AS is_so`);
}

async function until(cluster: PostgresCluster, question: string): Promise<void> {
  // The server itself waits in between.
  for (let isSo = false; !isSo; ) {
    const [row] = await ask(cluster, 'postgres', `${question} FROM pg_sleep(0.01)`);
    isSo = row?.['is_so'] === true;
  }
}

async function ask(
  cluster: PostgresCluster,
  database: string,
  question: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: cluster.url(database, 'postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(question)).rows;
  } finally {
    await client.end();
  }
}

import type { PgBoss } from 'pg-boss';
import { type BossOptions, createBoss, installQueue } from './boss.ts';
import type { PostgresPool } from './open.ts';

/**
 * Starts pg-boss; where its tables or the queue are missing or of an older version, makes them first. Two
 * processes must not do this at once.
 *
 * @throws Error of Postgres where the user may not make tables; AppError STORAGE_UNAVAILABLE
 */
export async function startBoss(pool: PostgresPool, options: BossOptions): Promise<PgBoss> {
  const boss = await startInstalled(pool, options);
  if (boss !== null) return boss;
  await installQueue(pool, options.queueName);
  const installed = await startInstalled(pool, options);
  if (installed === null) throw new Error('pg-boss does not find the tables that it has just made.');
  return installed;
}

/** `null` where pg-boss does not find what it needs. */
async function startInstalled(pool: PostgresPool, options: BossOptions): Promise<PgBoss | null> {
  const boss = createBoss(pool, options);
  try {
    await boss.start();
    if ((await boss.getQueue(options.queueName)) !== null) return boss;
  } catch (error) {
    if (!(error instanceof Error && NOT_THERE.test(error.message))) throw error;
  }
  await boss.stop({ close: false, graceful: false });
  return null;
}

const NOT_THERE = /not installed|requires migrations|does not exist/iu;

import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { installQueue } from '#server/storage/postgres/boss.ts';
import { migratePostgres } from '#server/storage/postgres/migrate.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { grantApplicationRights } from '#server/storage/postgres/roles.ts';
import { asSuperuser, type PostgresCluster, startCluster } from './postgres-cluster.ts';

/** The database that every database of a test is a copy of: migrated, with nothing in it. */
export const TEMPLATE = 'indelible_template';
export const TEST_QUEUE = 'audit-events';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Port of the Postgres 18 that all test files share. */
    postgresPort: number;
  }
}

const MIGRATIONS = fileURLToPath(new URL('../../prisma/postgres/migrations', import.meta.url));

let shared: PostgresCluster | null = null;

/** Starts one Postgres for a whole run of the tests; vitest calls this. */
export async function setup(project: TestProject): Promise<void> {
  // Nothing here is about power cuts: those tests start servers of their own.
  const cluster = await startCluster({
    settings: ['fsync = off', 'full_page_writes = off', 'wal_level = minimal', 'max_wal_senders = 0'],
  });
  try {
    await makeTemplate(cluster);
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  shared = cluster;
  project.provide('postgresPort', cluster.port);
}

/** Ends it after them. */
export async function teardown(): Promise<void> {
  await shared?.remove();
}

/** Makes the template on a server: owned by `indelible_owner`, usable by `indelible_app`. */
export async function makeTemplate(cluster: PostgresCluster): Promise<void> {
  await asSuperuser(cluster, 'postgres', [`CREATE DATABASE ${TEMPLATE} OWNER indelible_owner`]);
  const pool = openPool(cluster.url(TEMPLATE, 'indelible_owner'), { max: 2, name: 'tests' });
  try {
    await migratePostgres(pool, MIGRATIONS);
    await installQueue(pool, TEST_QUEUE);
    await grantApplicationRights(pool, 'indelible_app');
  } finally {
    await pool.end();
  }
}

import { inject, onTestFinished } from 'vitest';
import { Client } from 'pg';
import { TEMPLATE } from './postgres-server.ts';

/** One database of a test's own. */
export interface TestDatabase {
  readonly name: string;
  /** URL for the application's role. */
  readonly url: string;
  /** URL for the role that owns the tables. */
  readonly ownerUrl: string;
  /** URL for the superuser. */
  readonly superuserUrl: string;
}

let made = 0;

/**
 * A fresh copy of the migrated template on the shared Postgres (or the one at `port`); dropped when the test
 * ends.
 */
export async function createDatabase(port = inject('postgresPort')): Promise<TestDatabase> {
  const { drop, ...database } = await createLastingDatabase(port);
  onTestFinished(drop);
  return database;
}

/** As `createDatabase`, for several tests: whoever makes it drops it. */
export async function createLastingDatabase(
  port = inject('postgresPort'),
): Promise<TestDatabase & { readonly drop: () => Promise<void> }> {
  const name = `test_${process.pid}_${(made += 1)}`;
  await administer(port, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} OWNER indelible_owner`);
  const url = (user: string): string => `postgresql://${user}@127.0.0.1:${port}/${name}`;
  return {
    name,
    url: url('indelible_app'),
    ownerUrl: url('indelible_owner'),
    superuserUrl: url('postgres'),
    drop: async () => await administer(port, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function administer(port: number, statement: string): Promise<void> {
  const client = new Client({ connectionString: `postgresql://postgres@127.0.0.1:${port}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

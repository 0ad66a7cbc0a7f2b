import { Client } from 'pg';
import { createDatabase, type TestDatabase } from './postgres-database.ts';

/** A database as a fresh Postgres makes it: no table in it, nobody's rights. */
export async function createEmptyDatabase(port?: number): Promise<TestDatabase> {
  const database = await createDatabase(port);
  await asRole(database.superuserUrl, async (client) => {
    await client.query(
      `DROP SCHEMA pgboss CASCADE; DROP SCHEMA public CASCADE;
       CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC`,
    );
  });
  return database;
}

/** Runs something on one connection of its own. */
export async function asRole<T>(url: string, run: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

import pg from 'pg';
import type { Queryable } from './open.ts';

/** The schema that pg-boss keeps its tables in. */
export const QUEUE_SCHEMA = 'pgboss';

/**
 * What the application's role may do, table by table, and nothing else: records and what proves them can be
 * added and read, never changed or deleted. A head moves and a tile grows; triggers see to it that this is all.
 */
export const APPLICATION_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  ledger: ['SELECT', 'INSERT'],
  head: ['SELECT', 'INSERT', 'UPDATE'],
  record: ['SELECT', 'INSERT'],
  idempotency_key: ['SELECT', 'INSERT'],
  tile: ['SELECT', 'INSERT', 'UPDATE'],
  checkpoint: ['SELECT', 'INSERT'],
  batch_payload: ['SELECT', 'INSERT', 'DELETE'],
  quarantined_event: ['SELECT', 'INSERT', 'UPDATE'],
  token: ['SELECT', 'INSERT', 'UPDATE'],
  _prisma_migrations: ['SELECT'],
};

/**
 * Gives the application's role its rights; run by the owner of the tables, after migrating. Again is no harm.
 *
 * @param role name of a role that exists
 */
export async function grantApplicationRights(client: Queryable, role: string): Promise<void> {
  const to = pg.escapeIdentifier(role);
  for (const [table, rights] of Object.entries(APPLICATION_RIGHTS)) {
    await client.query(`REVOKE ALL ON TABLE public.${pg.escapeIdentifier(table)} FROM ${to}`);
    await client.query(`GRANT ${rights.join(', ')} ON TABLE public.${pg.escapeIdentifier(table)} TO ${to}`);
  }
  await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${to}`);
  await client.query(`GRANT EXECUTE ON FUNCTION add_record_partition(INTEGER, BIGINT) TO ${to}`);
  await client.query(`GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${to}`);
  await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${to}`);
  await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO ${to}`);
  await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} TO ${to}`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'public.record'::regclass`,
  );
  for (const { name } of rows) {
    await client.query(`GRANT INSERT ON TABLE public.${pg.escapeIdentifier(name)} TO ${to}`);
  }
}

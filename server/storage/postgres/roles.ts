import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Queryable } from './open.ts';
import { WAIT_FOR_MIGRATION } from './migrate.ts';

/** The schema that pg-boss keeps its tables in. */
export const QUEUE_SCHEMA = 'pgboss';

/**
 * What the application's role may do, table by table, and nothing else: records and what proves them can be
 * added and read, never changed or deleted. A head moves and a tile grows; triggers see to it that this is
 * all. The search index is no evidence: it is made of the records, and made anew from them.
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
  browser_session: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  saved_view: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  index_segment: ['SELECT', 'INSERT', 'DELETE'],
  index_page: ['SELECT', 'INSERT', 'DELETE'],
  job: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  cosignature: ['SELECT', 'INSERT'],
  witness_standing: ['SELECT', 'INSERT', 'UPDATE'],
  witnessed_checkpoint: ['SELECT', 'INSERT', 'UPDATE'],
  erasure: ['SELECT', 'INSERT', 'UPDATE'],
  _prisma_migrations: ['SELECT'],
};

/** What it may do with a partition of `record`: it is written directly and read through `record`. */
export const PARTITION_RIGHTS: readonly string[] = ['INSERT'];
/** What it may do with each table of the queue: those rows are work to do, and no evidence. */
export const QUEUE_RIGHTS: readonly string[] = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
/** The functions that it may call and not everybody. */
export const APPLICATION_FUNCTIONS: readonly string[] = [
  'add_record_partition(INTEGER, BIGINT)',
  'apply_erasure(TEXT, BIGINT)',
];

/**
 * Gives the application's role its rights, and takes back those that it has beyond them; run by the owner of
 * the tables, after migrating. All at once: a server that runs meanwhile is refused nothing. Again is no
 * harm.
 *
 * @param role name of a role that exists
 */
export async function grantApplicationRights(client: Queryable, role: string): Promise<void> {
  // Statements of one message are one transaction.
  await client.query(grantStatements(role).join(';\n'));
}

/** The same as a script. */
export function grantScript(role: string): string {
  return `${['BEGIN', ...grantStatements(role), 'COMMIT'].join(';\n')};`;
}

function grantStatements(role: string): readonly string[] {
  const to = escapeIdentifier(role);
  const tables = Object.entries(APPLICATION_RIGHTS).flatMap(([name, rights]) => [
    `REVOKE ALL ON TABLE public.${escapeIdentifier(name)} FROM ${to}`,
    `GRANT ${rights.join(', ')} ON TABLE public.${escapeIdentifier(name)} TO ${to}`,
  ]);
  return [
    // Two at once would be in each other's way.
    WAIT_FOR_MIGRATION,
    `GRANT USAGE ON SCHEMA public, ${QUEUE_SCHEMA} TO ${to}`,
    ...tables,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, ${QUEUE_SCHEMA} TO ${to}`,
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM ${to}`,
    `GRANT EXECUTE ON FUNCTION ${APPLICATION_FUNCTIONS.map((name) => `public.${name}`).join(', ')} TO ${to}`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} FROM ${to}`,
    `GRANT ${QUEUE_RIGHTS.join(', ')} ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${to}`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} TO ${to}`,
    grantPartitions(role),
  ];
}

/** `add_record_partition` grants those that are made from now on. */
function grantPartitions(role: string): string {
  const to = escapeLiteral(role);
  // As a literal: a name may hold whatever else would end the block.
  return `DO ${escapeLiteral(`DECLARE
    child regclass;
BEGIN
    FOR child IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'public.record'::regclass LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %I', child, ${to});
        EXECUTE format('GRANT ${PARTITION_RIGHTS.join(', ')} ON TABLE %s TO %I', child, ${to});
    END LOOP;
END`)}`;
}

/** Makes a role that may log in, unless it is there. It has no password: nobody can log in with it yet. */
export function createRoleScript(role: string): string {
  return `DO ${escapeLiteral(`BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = ${escapeLiteral(role)}) THEN
        CREATE ROLE ${escapeIdentifier(role)} LOGIN;
    END IF;
END`)};`;
}

/** Makes the application's role unless it is there; gives whether it did. It takes CREATEROLE. */
export async function createRole(client: Queryable, role: string): Promise<boolean> {
  const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (rows.length > 0) return false;
  await client.query(createRoleScript(role));
  return true;
}

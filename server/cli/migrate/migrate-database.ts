import { CannotRunError } from '#server/cli/exit-codes.ts';
import type { Output } from '#server/cli/output.ts';
import { MIGRATIONS } from '#server/places.ts';
import { installQueue, queueScript } from '#server/storage/postgres/boss.ts';
import { type Migration, readMigrations } from '#server/storage/migrations.ts';
import { migratePostgres, migrationScript, missingMigrations } from '#server/storage/postgres/migrate.ts';
import { onceAtATime } from '#server/storage/postgres/once-at-a-time.ts';
import { codeOf, openPool, type PostgresPool, translated } from '#server/storage/postgres/open.ts';
import {
  createRole,
  createRoleScript,
  grantApplicationRights,
  grantScript,
  QUEUE_SCHEMA,
} from '#server/storage/postgres/roles.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/** What is to be there. */
export interface Wanted {
  readonly queueName: string;
  /** The role that the servers connect as; `null`: no rights are given. */
  readonly role: string | null;
}

/**
 * Makes or updates tables and queue, then gives the role its rights. Each of the three is done whole or not
 * at all; whatever was interrupted is done by the next run.
 *
 * @throws CannotRunError where the role cannot be made or must not have so few rights; AppError as
 *   `migratePostgres`
 */
export async function migrateDatabase(url: string, wanted: Wanted, output: Output): Promise<void> {
  await withPool(url, async (pool) => {
    const { applied } = await migratePostgres(pool, MIGRATIONS.postgres);
    for (const name of applied) output.line(`Applied ${name}`);
    // As a server that starts at the same time: pg-boss' own tables may be made by one at a time only.
    await onceAtATime(pool, () => installQueue(pool, wanted.queueName));
    output.line(`The tables and the queue ${applied.length === 0 ? 'were' : 'are'} up to date.`);
    const { role } = wanted;
    // Rights stand in the rows of the tables that the queue's making changes.
    if (role !== null) await onceAtATime(pool, () => grant(pool, role, output));
  });
}

/**
 * The same as SQL for an administrator.
 *
 * @param url a database whose lack is to be written; `null`: all of it, for an empty one
 */
export async function writeScript(url: string | null, { queueName, role }: Wanted): Promise<string> {
  const { migrations, hasQueue } = await readLack(url);
  return [
    '-- Indelible. Run it as the role that is to own the tables and stop at the first error: ' +
      'psql -v ON_ERROR_STOP=1',
    ...(migrations.length === 0 ? [] : [migrationScript(migrations)]),
    ...(hasQueue ? [] : [queueScript(queueName)]),
    ...(role === null ? [] : roleScripts(role)),
  ].join('\n\n');
}

async function readLack(
  url: string | null,
): Promise<{ readonly migrations: readonly Migration[]; readonly hasQueue: boolean }> {
  const all = readMigrations(MIGRATIONS.postgres);
  if (url === null) return { migrations: all, hasQueue: false };
  return await withPool(url, async (pool) => {
    const names = await missingMigrations(pool, MIGRATIONS.postgres);
    const { rows } = await pool.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [QUEUE_SCHEMA]);
    return { migrations: all.filter(({ name }) => names.includes(name)), hasQueue: rows.length > 0 };
  });
}

function roleScripts(role: string): readonly string[] {
  return [
    `-- The role that the servers connect as. Give it a password: ${passwordStatement(role)}`,
    createRoleScript(role),
    grantScript(role),
  ];
}

async function withPool<T>(url: string, run: (pool: PostgresPool) => Promise<T>): Promise<T> {
  const pool = openPool(url, { max: 2, name: 'indelible migrate' });
  try {
    return await translated(() => run(pool));
  } finally {
    await pool.end();
  }
}

async function grant(pool: PostgresPool, role: string, output: Output): Promise<void> {
  await refuseOwner(pool, role);
  const isNew = await makeRole(pool, role);
  await grantApplicationRights(pool, role);
  output.line(`${role} has the rights of a server, and no others on these tables.`);
  if (isNew)
    output.line(`${role} is new and has no password. As an administrator: ${passwordStatement(role)}`);
}

/** An owner keeps every right, whatever is taken back. */
async function refuseOwner(pool: PostgresPool, role: string): Promise<void> {
  const { rows } = await pool.query(
    `SELECT 1 FROM pg_roles r WHERE r.rolname = $1 AND (r.rolsuper OR r.rolname = current_user
       OR r.oid = (SELECT relowner FROM pg_class WHERE oid = 'public.record'::regclass))`,
    [role],
  );
  if (rows.length === 0) return;
  throw new CannotRunError(
    `${role} owns the tables or is a superuser: the servers need a role of their own.`,
  );
}

async function makeRole(pool: PostgresPool, role: string): Promise<boolean> {
  try {
    return await createRole(pool, role);
  } catch (error) {
    if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new CannotRunError(
      `There is no role ${role}, and this user may not make one. As an administrator: ` +
        `CREATE ROLE ${quoted(role)} LOGIN; ${passwordStatement(role)} Then run this again.`,
    );
  }
}

function passwordStatement(role: string): string {
  return `ALTER ROLE ${quoted(role)} PASSWORD '…';`;
}

function quoted(role: string): string {
  return `"${role.replaceAll('"', '""')}"`;
}

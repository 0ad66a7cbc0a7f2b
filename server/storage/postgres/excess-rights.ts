import {
  APPLICATION_FUNCTIONS,
  APPLICATION_RIGHTS,
  PARTITION_RIGHTS,
  QUEUE_RIGHTS,
  QUEUE_SCHEMA,
} from './roles.ts';
import type { Queryable } from './open.ts';

/** Everything that can be granted on a table and is found out alike on all versions. */
const TABLE_RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

/** Roles that come with Postgres and reach past what is granted table by table. */
const POWERFUL_ROLES = new Set([
  'pg_read_all_data',
  'pg_write_all_data',
  'pg_maintain',
  'pg_database_owner',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_execute_server_program',
]);

/**
 * What the connected role can do beyond what the application needs, one sentence each. Nothing of it is
 * needed; most of it would let whoever takes over the server change records without a trace in the database.
 *
 * @param db a connection of the role in question
 */
export async function excessRights(db: Queryable): Promise<readonly string[]> {
  const role = await readRole(db);
  // All rights are a superuser's: naming each would only hide it.
  if (role.superuser) return ['It is a superuser: nothing in the database holds it back.'];
  return [
    ...attributeSentences(role),
    ...(await membershipSentences(db)),
    ...(await schemaSentences(db)),
    ...(await tableSentences(db)),
    ...(await functionSentences(db)),
  ];
}

interface Role {
  readonly superuser: boolean;
  readonly bypassrls: boolean;
  readonly createdb: boolean;
  readonly createrole: boolean;
  readonly replication: boolean;
}

async function readRole(db: Queryable): Promise<Role> {
  const { rows } = await db.query<Role>(
    `SELECT rolsuper AS superuser, rolbypassrls AS bypassrls, rolcreatedb AS createdb,
            rolcreaterole AS createrole, rolreplication AS replication
     FROM pg_roles WHERE rolname = current_user`,
  );
  return rows[0]!;
}

function* attributeSentences(role: Role): Generator<string> {
  if (role.bypassrls) yield 'It has BYPASSRLS: the wall between ledgers does not hold for it.';
  if (role.createdb) yield 'It has CREATEDB: it can make databases.';
  if (role.createrole) yield 'It has CREATEROLE: it can make roles and give them rights.';
  if (role.replication) yield 'It has REPLICATION: it can read everything there is.';
}

async function membershipSentences(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles
     WHERE rolname <> current_user AND pg_has_role(oid, 'MEMBER') ORDER BY rolname`,
  );
  return rows.map(({ name }) =>
    POWERFUL_ROLES.has(name)
      ? `It is a member of ${name}, which reaches past the rights on single tables.`
      : `It is a member of ${name} and can act as that role.`,
  );
}

async function schemaSentences(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace
     WHERE nspname IN ('public', $1) AND has_schema_privilege(oid, 'CREATE') ORDER BY nspname`,
    [QUEUE_SCHEMA],
  );
  const sentences = rows.map(({ name }) => `It can make tables and functions in the schema ${name}.`);
  const { rows: databases } = await db.query<{ may: boolean }>(
    "SELECT has_database_privilege(current_database(), 'CREATE') AS may",
  );
  return databases[0]?.may ? [...sentences, 'It can make schemas in the database.'] : sentences;
}

interface TableRow {
  readonly name: string;
  readonly isPartition: boolean;
  readonly isQueue: boolean;
  readonly owned: boolean;
  readonly rights: readonly string[];
}

async function tableSentences(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<TableRow>(
    `SELECT c.relname AS name, c.relispartition AS "isPartition", n.nspname = $1 AS "isQueue",
            pg_has_role(c.relowner, 'USAGE') AS owned,
            ARRAY(SELECT held FROM unnest($2::text[]) AS held WHERE has_table_privilege(c.oid, held)
                  OR (held IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                      AND has_any_column_privilege(c.oid, held))) AS rights
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('public', $1) AND c.relkind IN ('r', 'p') ORDER BY n.nspname DESC, c.relname`,
    [QUEUE_SCHEMA, TABLE_RIGHTS],
  );
  const owned = rows.filter((row) => row.owned).map(({ name }) => name);
  const beyond = new Map<string, string[]>();
  for (const row of rows.filter((one) => !one.owned)) {
    const excess = row.rights.filter((right) => !neededRights(row).includes(right)).join(', ');
    if (excess !== '') beyond.set(excess, [...(beyond.get(excess) ?? []), row.name]);
  }
  return [
    ...(owned.length === 0
      ? []
      : [`It owns ${list(owned)}: an owner can switch off what keeps records from being changed.`]),
    ...[...beyond].map(([rights, names]) => `It has ${rights} on ${list(names)}.`),
  ];
}

function neededRights({ name, isPartition, isQueue }: TableRow): readonly string[] {
  if (isQueue) return QUEUE_RIGHTS;
  return isPartition ? PARTITION_RIGHTS : (APPLICATION_RIGHTS[name] ?? []);
}

async function functionSentences(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT proname AS name FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND prosecdef AND has_function_privilege(oid, 'EXECUTE')
       AND NOT (oid::regprocedure = ANY ($1::text[]::regprocedure[])) ORDER BY proname`,
    [APPLICATION_FUNCTIONS.map((name) => `public.${name}`)],
  );
  return rows.map(
    ({ name }) => `It can call ${name}, which acts with the rights of the owner of the tables.`,
  );
}

/** A few names, and how many more. */
const NAMES_MAX = 5;

function list(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_MAX).join(', ');
  return names.length > NAMES_MAX ? `${shown} and ${names.length - NAMES_MAX} more` : shown;
}

/** What the application needs and the connected role may not, one sentence a table. */
export async function lackingRights(db: Queryable): Promise<readonly string[]> {
  const needs = Object.entries(APPLICATION_RIGHTS).flatMap(([table, rights]) =>
    rights.map((right) => ({ table, right })),
  );
  const { rows } = await db.query<{ name: string; rights: readonly string[] }>(
    `SELECT need.name, array_agg(need.held ORDER BY need.held) AS rights
     FROM unnest($1::text[], $2::text[]) AS need (name, held)
     WHERE NOT has_table_privilege('public.' || need.name, need.held) GROUP BY need.name ORDER BY need.name`,
    [needs.map(({ table }) => table), needs.map(({ right }) => right)],
  );
  const sentences = rows.map(({ name, rights }) => `It lacks ${rights.join(', ')} on ${name}.`);
  const { rows: queues } = await db.query<{ may: boolean | null }>(
    'SELECT has_schema_privilege(oid, $2) AS may FROM pg_namespace WHERE nspname = $1',
    [QUEUE_SCHEMA, 'USAGE'],
  );
  return queues[0]?.may === true
    ? sentences
    : [...sentences, `It lacks USAGE on the schema ${QUEUE_SCHEMA}.`];
}

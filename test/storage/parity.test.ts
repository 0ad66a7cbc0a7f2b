import Database from 'better-sqlite3';
import { Client } from 'pg';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Prisma as OnPostgres } from '#prisma/generated/postgresql/client.ts';
import type { Prisma as OnSqlite } from '#prisma/generated/sqlite/client.ts';
import { MIGRATIONS } from '#scripts/migrate.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

/**
 * What is on one of the two only, and why. Everything else is the same on both: the columns with their types
 * and whether they may be empty, keys, indexes, references.
 */
const FOREIGN_KEY = 'on Postgres each would look at and lock the row of the ledger once an event';
const QUEUE = 'the queue of SQLite; on Postgres pg-boss has it';
const PAYLOAD = 'the lines of a batch in the queue of pg-boss, whose jobs hold JSON';
const IDS = "ids of accepted events; on SQLite the record's own unique key and the queue tell them";
const INDEX = 'the search index; on SQLite it is a file of its own';
const PARTITIONED =
  'a partitioned table cannot have it; there each partition has one of its own, and all ids are in another';
const NUMBERED = 'Prisma declares every single INTEGER key on SQLite so; the number is always given';
const LOOK_UP = 'whoever waits for an event in another process looks it up in quarantine, too';

const ONLY_ON_SQLITE: readonly (readonly [fact: RegExp, reason: string])[] = [
  [/^(?:head|record|checkpoint|quarantined_event): ledger_no refers to ledger\.no$/, FOREIGN_KEY],
  [/^batch(?::|$)/, QUEUE],
  [/^record: unique \(ledger_no, event_id\)$/, PARTITIONED],
  [/^head: ledger_no is numbered$/, NUMBERED],
];
const ONLY_ON_POSTGRES: readonly (readonly [fact: RegExp, reason: string])[] = [
  [/^batch_payload(?::|$)/, PAYLOAD],
  [/^idempotency_key(?::|$)/, IDS],
  [/^index_(?:segment|page)(?::|$)/, INDEX],
  [/^quarantined_event: index \(ledger_no, event_id\)$/, LOOK_UP],
];

/** Names of one type, as both databases write it. */
const TYPES: Readonly<Record<string, string>> = {
  INTEGER: 'number of 32 bits',
  integer: 'number of 32 bits',
  BIGINT: 'number of 64 bits',
  bigint: 'number of 64 bits',
  TEXT: 'text',
  text: 'text',
  BLOB: 'bytes',
  bytea: 'bytes',
  BOOLEAN: 'yes or no',
  boolean: 'yes or no',
  uuid: 'uuid',
};

const columnFact = (table: string, name: string, type: string, isRequired: boolean): string =>
  `${table}: ${name} is ${TYPES[type] ?? `unknown: ${type}`}${isRequired ? '' : ', or null'}`;

/** Every fact about the tables of a migrated SQLite file, a sentence each. */
function readSqlite(): ReadonlySet<string> {
  const db = new Database(':memory:');
  migrateSqlite(db, MIGRATIONS.sqlite, () => 0);
  const all = <Row>(sql: string, ...values: readonly string[]) =>
    db.prepare<string[], Row>(sql).all(...values);
  const facts = new Set<string>();
  const tables = all<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_schema
     WHERE type = 'table' AND name NOT GLOB '_*' AND name NOT GLOB 'sqlite_*'`,
  );
  for (const { name: table, sql } of tables) {
    facts.add(table);
    const columns = all<{ name: string; type: string; notnull: number; pk: number }>(
      'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)',
      table,
    );
    for (const { name, type, notnull } of columns) facts.add(columnFact(table, name, type, notnull === 1));
    const key = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    facts.add(`${table}: key (${key.map(({ name }) => name).join(', ')})`);
    if (sql.includes('AUTOINCREMENT')) facts.add(`${table}: ${key[0]?.name} is numbered`);
    const indexes = all<{ name: string; unique: number; origin: string }>(
      'SELECT name, "unique", origin FROM pragma_index_list(?)',
      table,
    );
    for (const { name, unique, origin } of indexes.filter((one) => one.origin !== 'pk')) {
      const parts = all<{ name: string }>('SELECT name FROM pragma_index_info(?) ORDER BY seqno', name);
      const kind = unique === 1 ? 'unique' : 'index';
      facts.add(`${table}: ${kind} (${parts.map((part) => part.name).join(', ')})`);
      expect(origin).toBe('c');
    }
    const references = all<{ from: string; table: string; to: string }>(
      'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)',
      table,
    );
    for (const one of references) facts.add(`${table}: ${one.from} refers to ${one.table}.${one.to}`);
  }
  db.close();
  return facts;
}

const POSTGRES_TABLES = `SELECT c.oid, c.relname AS name FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT LIKE '\\_%' ORDER BY c.relname`;
const POSTGRES_COLUMNS = `SELECT attname AS name, format_type(atttypid, atttypmod) AS type,
    attnotnull AS required, coalesce(pg_get_expr(adbin, adrelid), '') AS given
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
const POSTGRES_INDEXES = `SELECT i.indisprimary AS key, i.indisunique AS "unique", i.indisvalid AS valid,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(no, place)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.no ORDER BY k.place) AS parts
  FROM pg_index i WHERE i.indrelid = $1`;
const POSTGRES_REFERENCES = `SELECT conname AS name FROM pg_constraint WHERE conrelid = $1 AND contype = 'f'`;

/** The same of a migrated Postgres database. */
async function readPostgres(): Promise<ReadonlySet<string>> {
  const client = new Client({ connectionString: (await createDatabase()).superuserUrl });
  await client.connect();
  const facts = new Set<string>();
  for (const { oid, name: table } of (await client.query<{ oid: number; name: string }>(POSTGRES_TABLES))
    .rows) {
    facts.add(table);
    const columns = await client.query<{ name: string; type: string; required: boolean; given: string }>(
      POSTGRES_COLUMNS,
      [oid],
    );
    for (const { name, type, required, given } of columns.rows) {
      facts.add(columnFact(table, name, type, required));
      if (given.startsWith('nextval(')) facts.add(`${table}: ${name} is numbered`);
    }
    const indexes = await client.query<{ key: boolean; unique: boolean; valid: boolean; parts: string[] }>(
      POSTGRES_INDEXES,
      [oid],
    );
    for (const { key, unique, valid, parts } of indexes.rows) {
      const kind = key ? 'key' : unique ? 'unique' : 'index';
      facts.add(`${table}: ${kind} (${parts.join(', ')})`);
      expect(valid).toBe(true);
    }
    for (const { name } of (await client.query<{ name: string }>(POSTGRES_REFERENCES, [oid])).rows) {
      facts.add(`${table}: refers to another table by ${name}`);
    }
  }
  await client.end();
  return facts;
}

describe('the two migrated databases', () => {
  it('are the same but for what is listed here, and each thing that is listed is there', async () => {
    const sqlite = readSqlite();
    const postgres = await readPostgres();
    // So that two empty answers are no parity.
    expect([...sqlite].filter((fact) => postgres.has(fact)).length).toBeGreaterThan(50);
    for (const [facts, others, listed] of [
      [sqlite, postgres, ONLY_ON_SQLITE],
      [postgres, sqlite, ONLY_ON_POSTGRES],
    ] as const) {
      const alone = [...facts].filter((fact) => !others.has(fact));
      expect(alone.filter((fact) => !listed.some(([pattern]) => pattern.test(fact)))).toEqual([]);
      expect(listed.filter(([pattern]) => !alone.some((fact) => pattern.test(fact)))).toEqual([]);
    }
  });
});

type SqliteModels = OnSqlite.TypeMap['model'];
type PostgresModels = OnPostgres.TypeMap['model'];
type Common = keyof SqliteModels & keyof PostgresModels;
type Rows<Models extends Record<Common, { payload: { scalars: unknown } }>> = {
  [M in Common]: Models[M]['payload']['scalars'];
};
type SqliteRows = Rows<SqliteModels>;
type PostgresRows = Rows<PostgresModels>;
type Where<Model extends { operations: { findMany: { args: { where?: unknown } } } }> =
  Model['operations']['findMany']['args']['where'];
/** The models that Postgres cannot be asked about as SQLite can. */
type Unaskable = {
  [M in Common]: Where<SqliteModels[M]> extends Where<PostgresModels[M]> ? never : M;
}[Common];

describe('the two Prisma clients', () => {
  // The compiler proves it (`npm run check`); at run time there is nothing left to look at.
  it("have the same models, rows of the same types, and Postgres takes SQLite's questions", () => {
    expectTypeOf<SqliteRows['Ledger']>().toEqualTypeOf<PostgresRows['Ledger']>();
    expectTypeOf<SqliteRows['Head']>().toEqualTypeOf<PostgresRows['Head']>();
    expectTypeOf<SqliteRows['Record']>().toEqualTypeOf<PostgresRows['Record']>();
    expectTypeOf<SqliteRows['Tile']>().toEqualTypeOf<PostgresRows['Tile']>();
    expectTypeOf<SqliteRows['Checkpoint']>().toEqualTypeOf<PostgresRows['Checkpoint']>();
    expectTypeOf<SqliteRows['QuarantinedEvent']>().toEqualTypeOf<PostgresRows['QuarantinedEvent']>();
    expectTypeOf<SqliteRows['Token']>().toEqualTypeOf<PostgresRows['Token']>();
    expectTypeOf<SqliteRows['SavedView']>().toEqualTypeOf<PostgresRows['SavedView']>();
    expectTypeOf<SqliteRows['Job']>().toEqualTypeOf<PostgresRows['Job']>();
    expectTypeOf<SqliteRows['Cosignature']>().toEqualTypeOf<PostgresRows['Cosignature']>();
    expectTypeOf<SqliteRows['WitnessStanding']>().toEqualTypeOf<PostgresRows['WitnessStanding']>();
    expectTypeOf<SqliteRows['WitnessedCheckpoint']>().toEqualTypeOf<PostgresRows['WitnessedCheckpoint']>();
    expectTypeOf<SqliteRows['Erasure']>().toEqualTypeOf<PostgresRows['Erasure']>();
    expectTypeOf<SqliteRows['BrowserSession']>().toEqualTypeOf<PostgresRows['BrowserSession']>();
    // Those were all.
    expectTypeOf<
      Exclude<
        Common,
        | 'Ledger'
        | 'Head'
        | 'Record'
        | 'Tile'
        | 'Checkpoint'
        | 'QuarantinedEvent'
        | 'Token'
        | 'SavedView'
        | 'Job'
        | 'Cosignature'
        | 'WitnessStanding'
        | 'WitnessedCheckpoint'
        | 'Erasure'
        | 'BrowserSession'
      >
    >().toBeNever();
    expectTypeOf<Unaskable>().toBeNever();
    expectTypeOf<Exclude<keyof SqliteModels, Common>>().toEqualTypeOf<'Batch'>();
    expectTypeOf<Exclude<keyof PostgresModels, Common>>().toEqualTypeOf<
      'BatchPayload' | 'IdempotencyKey' | 'IndexPage' | 'IndexSegment'
    >();
    // So that the comparison is worth something.
    expectTypeOf<SqliteRows['Token']>().not.toEqualTypeOf<PostgresRows['Head']>();
  });
});

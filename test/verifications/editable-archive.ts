import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import type { CosignatureStore } from '#server/ports/cosignature-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { createPostgresCosignatureStore } from '#server/storage/postgres/cosignature-store.ts';
import { createPostgresLedgerArchive } from '#server/storage/postgres/ledger-archive.ts';
import { createSqliteCosignatureStore } from '#server/storage/sqlite/cosignature-store.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { createLedger } from '#test/support/ledger-fixture.ts';
import { openPostgresStorage } from '#test/support/postgres-storage.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import type { StorageUnderTest } from '#test/support/storage-under-test.ts';
import type { Row } from './column-edits.ts';
import { fillSample } from './sample-archive.ts';

/** The sample ledger in a database that someone edits behind the appliance's back. */
export interface EditableArchive {
  readonly storage: StorageUnderTest;
  readonly cosignatures: Pick<CosignatureStore, 'add'>;
  readonly archive: LedgerArchive;
  /** Note of the newest checkpoint, as it is kept beside the database. */
  readonly note: string;
  readonly isSqlite: boolean;
  tables(): Promise<readonly string[]>;
  columns(table: string): Promise<readonly string[]>;
  rows(table: string, where: string): Promise<readonly Row[]>;
  /** Runs statements; `$1` and on are the values. */
  run(sql: string, values?: readonly unknown[]): Promise<void>;
  /** Records something the lawful way. */
  recording(work: () => Promise<void>): Promise<void>;
  /** What was run since the start, or since the last of these, counts no more. */
  undo(): Promise<void>;
}

/** SQLite: triggers dropped, foreign keys off, all in one transaction that never ends. */
export async function openEditableSqlite(): Promise<EditableArchive> {
  const storage = await openSqliteStorage();
  const { db } = storage;
  const cosignatures = createSqliteCosignatureStore(db);
  const note = await fillSample(storage, cosignatures);
  await createLedger(storage, 'other');
  db.pragma('foreign_keys = OFF');
  const names = (type: string): string[] =>
    db
      .prepare<[string], string>("SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite%'")
      .pluck()
      .all(type);
  for (const trigger of names('trigger')) db.exec(`DROP TRIGGER "${trigger}"`);
  db.exec('BEGIN');
  return {
    storage,
    cosignatures,
    archive: createSqliteLedgerArchive(db),
    note,
    isSqlite: true,
    tables: async () => names('table'),
    columns: async (table) =>
      db
        .prepare<[], { name: string }>(`PRAGMA table_info("${table}")`)
        .all()
        .map(({ name }) => name),
    rows: async (table, where) => db.prepare<[], Row>(`SELECT * FROM "${table}" WHERE ${where}`).all(),
    run: async (sql, values = []) => {
      const ordered = [...sql.matchAll(/\$(\d+)/g)].map(([, number]) => values[Number(number) - 1]);
      if (values.length === 0) db.exec(sql);
      else db.prepare(sql.replaceAll(/\$\d+/g, '?')).run(...ordered);
    },
    async recording(work) {
      db.exec('COMMIT');
      await work();
      db.exec('BEGIN');
    },
    undo: async () => void db.exec('ROLLBACK; BEGIN'),
  };
}

/** Postgres: as the superuser, and as a replica, for whom no trigger and no foreign key holds. */
export async function openEditablePostgres(): Promise<EditableArchive> {
  const storage = await openPostgresStorage();
  const cosignatures = createPostgresCosignatureStore(storage.pool);
  const note = await fillSample(storage, cosignatures);
  await createLedger(storage, 'other');
  const client = new Client({ connectionString: storage.database.superuserUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('SET session_replication_role = replica');
  // Records have room where the appliance made none.
  await client.query('CREATE TABLE stray_record PARTITION OF record DEFAULT');
  const tables = async (): Promise<string[]> => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
       AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'kept_%'`,
    );
    return rows.map(({ name }) => name);
  };
  const kept = ['record', 'head', 'tile', 'checkpoint', 'ledger', 'cosignature'];
  for (const table of kept) await client.query(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
  return {
    storage,
    cosignatures,
    archive: createPostgresLedgerArchive(storage.pool),
    note,
    isSqlite: false,
    tables,
    columns: async (table) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = $1`,
        [table],
      );
      return rows.map(({ name }) => name);
    },
    rows: async (table, where) => {
      const { rows } = await client.query<Row>(`SELECT * FROM ${table} WHERE ${where}`);
      // Whole numbers come as texts from this client.
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asNumber(value)])),
      );
    },
    run: async (sql, values = []) => void (await client.query(sql, [...values])),
    recording: (work) => work(),
    async undo() {
      for (const table of kept) {
        await client.query(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}`);
      }
    },
  };
}

function asNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

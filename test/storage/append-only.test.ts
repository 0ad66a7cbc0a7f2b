import Database from 'better-sqlite3';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECTION_NAMES } from '#server/ledger/section.ts';
import { makeEvents, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

const TABLES = ['ledger', 'head', 'record', 'tile', 'checkpoint', 'quarantined_event'];

/** A database with a ledger of three records and a checkpoint, opened as any other tool would. */
interface Raw {
  exec(sql: string): Promise<void>;
  /** All rows of all tables. */
  dump(): Promise<unknown>;
}

async function openSqlite(): Promise<Raw & { readonly file: string; readonly storage: SqliteStorage }> {
  const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
  await submit(storage, 'acme', makeEvents('e', 3));
  await recordAll(storage);
  const { size = 0, root } = (await storage.store.head('acme')) ?? {};
  if (root) await storage.checkpoints.add('acme', { size, root, note: 'note', createdAt: 1 });
  const quarantine = `INSERT INTO quarantined_event (ledger_no, code, message, line, state, quarantined_at)
     VALUES (1, 'c', 'm', 'line', ?, 1)`;
  const raw = new Database(storage.file);
  for (const state of ['OPEN', 'REPLAYED']) raw.prepare(quarantine).run(state);
  raw.pragma('foreign_keys = OFF');
  onTestFinished(() => {
    raw.close();
  });
  return {
    file: storage.file,
    storage,
    exec: async (sql) => void raw.exec(sql),
    dump: async () => TABLES.map((table) => raw.prepare(`SELECT * FROM ${table}`).all()),
  };
}

/** The same rows on Postgres, as the superuser: no right is missing, no wall is in the way. */
async function openPostgres(): Promise<Raw> {
  const { file } = await openSqlite();
  const { superuserUrl } = await createDatabase();
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  onTestFinished(() => client.end());
  const sqlite = new Database(file, { readonly: true });
  for (const table of TABLES) {
    if (table === 'record') await client.query('SELECT add_record_partition(1, 0)');
    for (const row of sqlite.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`).all()) {
      const columns = Object.keys(row);
      const places = columns.map((_column, i) => `$${i + 1}`);
      await client.query(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
        Object.values(row),
      );
    }
  }
  sqlite.close();
  await client.query(
    'INSERT INTO idempotency_key SELECT ledger_no, event_id, digest FROM record ORDER BY event_id',
  );
  const all = [...TABLES, 'idempotency_key'];
  return {
    exec: async (sql) => void (await client.query(sql)),
    dump: async () => {
      const dumps: unknown[] = [];
      for (const table of all) dumps.push((await client.query(`SELECT * FROM ${table} ORDER BY 1, 2`)).rows);
      return dumps;
    },
  };
}

const OPENERS = { SQLite: openSqlite, Postgres: openPostgres } as const;

/** Each would change what is recorded, or make room for something else. */
const REFUSED: readonly (readonly [table: string, sql: string])[] = [
  ['record', 'DELETE FROM record'],
  ['record', 'DELETE FROM record WHERE idx = 2'],
  ...set('record', ['ledger_no', 'idx', 'recorded_at'], '99'),
  ...set('record', ['event_id', 'entry'], "'x'", 'idx = 1'),
  ...set('record', ['digest', 'leaf_hash', ...SECTION_NAMES], 'head.root', 'idx = 1'),
  ['record', 'UPDATE record SET details = actor, actor = NULL'],
  ['record', "UPDATE record SET actor = NULL, entry = 'x'"],
  [
    'record',
    `INSERT INTO record SELECT * FROM record WHERE idx = 1
     ON CONFLICT (ledger_no, idx) DO UPDATE SET entry = 'x'`,
  ],
  ['checkpoint', 'DELETE FROM checkpoint'],
  ['checkpoint', "UPDATE checkpoint SET note = 'other'"],
  ['checkpoint', 'UPDATE checkpoint SET size = 2'],
  ['head', 'DELETE FROM head'],
  ...set('head', ['ledger_no', 'size'], '2'),
  ...set('head', ['root', 'frontier'], 'prev'),
  ['head', 'UPDATE head SET prev = root'],
  ['head', 'UPDATE head SET recorded_at = 99'],
  ['tile', 'DELETE FROM tile'],
  ...set('tile', ['level', 'idx', 'ledger_no'], '9'),
  ['tile', 'UPDATE tile SET hashes = substr(hashes, 2) || hashes'],
  ['tile', 'UPDATE tile SET hashes = substr(hashes, 1, 32)'],
  ['quarantined_event', 'DELETE FROM quarantined_event'],
  ...set('quarantined_event', ['id', 'quarantined_at'], '7', "state = 'OPEN'"),
  ...set('quarantined_event', ['event_id', 'code', 'message', 'line'], "'7'", "state = 'OPEN'"),
  ['quarantined_event', "UPDATE quarantined_event SET state = 'OPEN' WHERE state = 'REPLAYED'"],
  ['ledger', 'DELETE FROM ledger'],
  ...set('ledger', ['id', 'origin', 'vkey'], "'7'"),
  ['ledger', 'UPDATE ledger SET created_at = 7'],
];

/** What only one of them understands. */
const REFUSED_THERE: readonly (readonly [keyof typeof OPENERS, table: string, sql: string])[] = [
  ['SQLite', 'record', 'INSERT OR REPLACE INTO record SELECT * FROM record WHERE idx = 1'],
  [
    'SQLite',
    'record',
    "REPLACE INTO record SELECT ledger_no, 9, 'e1', digest, 1, '', leaf_hash, 1, 1, 1, 1, 1, 1 FROM record",
  ],
  ['SQLite', 'head', 'INSERT OR REPLACE INTO head SELECT * FROM head'],
  ['SQLite', 'ledger', 'INSERT OR REPLACE INTO ledger SELECT * FROM ledger'],
  ...[...TABLES, 'idempotency_key'].map((table) => ['Postgres', table, `TRUNCATE ${table}`] as const),
  ['Postgres', 'ledger', 'TRUNCATE ledger CASCADE'],
  ['Postgres', 'record', 'TRUNCATE record_1_0'],
  ['Postgres', 'record', 'DELETE FROM record_1_0'],
  ['Postgres', 'record', "UPDATE record_1_0 SET entry = 'x'"],
  ['Postgres', 'record', 'UPDATE record SET ledger_no = 2 WHERE idx = 1'],
  ['Postgres', 'record', 'MERGE INTO record USING head ON true WHEN MATCHED THEN DELETE'],
  ['Postgres', 'idempotency_key', 'DELETE FROM idempotency_key'],
  ['Postgres', 'idempotency_key', 'UPDATE idempotency_key SET ledger_no = 2'],
];

/** Statements that set columns to what they are not; `head.root` stands for 32 bytes of another column. */
function set(
  table: string,
  columns: readonly string[],
  value: string,
  where?: string,
): readonly (readonly [string, string])[] {
  const given = value === 'head.root' ? '(SELECT root FROM head)' : value;
  return columns.map((column) => [
    table,
    `UPDATE ${table} SET "${column}" = ${given}${where === undefined ? '' : ` WHERE ${where}`}`,
  ]);
}

describe.each(['SQLite', 'Postgres'] as const)('a raw connection to %s', (kind) => {
  it('is refused whatever would change what is recorded', async () => {
    const raw = await OPENERS[kind]();
    const before = await raw.dump();
    const refused = [...REFUSED, ...REFUSED_THERE.filter(([of]) => of === kind).map(([, ...rest]) => rest)];
    for (const [table, sql] of refused) {
      await expect(raw.exec(sql), sql).rejects.toThrow(`${table} is append-only`);
    }
    expect(await raw.dump()).toEqual(before);
  });

  it('may erase sections, each of them or all at once, and may not bring them back', async () => {
    const raw = await OPENERS[kind]();
    await raw.exec('UPDATE record SET actor = NULL WHERE idx = 0');
    await expect(raw.exec('UPDATE record SET actor = event WHERE idx = 0')).rejects.toThrow('append-only');
    await raw.exec(`UPDATE record SET ${SECTION_NAMES.map((name) => `"${name}" = NULL`).join(', ')}`);
    await expect(raw.exec('UPDATE record SET details = digest')).rejects.toThrow('append-only');
  });

  it('may rename a ledger, which is no part of what is hashed, and let a head grow', async () => {
    const raw = await OPENERS[kind]();
    await raw.exec("UPDATE ledger SET name = 'Acme Inc.'");
    await raw.exec('UPDATE head SET size = size + 1, root = prev');
  });
});

describe('on SQLite', () => {
  it('a checkpoint cannot be replaced: one of a size that exists is left out', async () => {
    const raw = await openSqlite();
    const before = await raw.dump();
    await raw.exec(
      "INSERT OR REPLACE INTO checkpoint SELECT ledger_no, size, root, 'other', 2 FROM checkpoint",
    );
    expect(await raw.dump()).toEqual(before);
  });

  it('an erased section is gone from the record, whose entry stays', async () => {
    const { storage, exec } = await openSqlite();
    const [before] = await storage.read.records('acme');
    await exec('UPDATE record SET actor = NULL WHERE idx = 0');
    const [erased] = await storage.read.records('acme');
    expect([...(erased?.sections.keys() ?? [])]).toEqual(['event', 'details']);
    expect(erased?.entry).toBe(before?.entry);
  });
});

describe('erase_sections on Postgres', () => {
  it('sets the sections of one record to NULL and changes nothing else', async () => {
    const raw = await openPostgres();
    await raw.exec("SET indelible.ledgers = '1'");
    const expected = (await raw.dump()) as Record<string, unknown>[][];
    const record = expected[TABLES.indexOf('record')]?.[1];
    expect(record).toMatchObject({ idx: '1', details: expect.any(Buffer) as Buffer });
    Object.assign(record ?? {}, { actor: null, details: null });
    await raw.exec("SELECT erase_sections(1, 1, '{actor,details}')");
    expect(await raw.dump()).toEqual(expected);
  });

  it('reaches only ledgers that the connection sees', async () => {
    const raw = await openPostgres();
    const before = await raw.dump();
    for (const visible of ['', '2']) {
      await raw.exec(`SET indelible.ledgers = '${visible}'`);
      await raw.exec("SELECT erase_sections(1, 1, '{actor}')");
    }
    expect(await raw.dump()).toEqual(before);
  });

  it.each([
    ["SELECT erase_sections(1, 1, '{entry}')", 'no such sections'],
    ["SELECT erase_sections(1, 1, '{actor,digest}')", 'no such sections'],
    ["SELECT erase_sections(1, 1, '{}')", 'no such sections'],
    ["SELECT erase_sections(1, 1, '{actor,NULL}')", 'no such sections'],
    ['SELECT erase_sections(1, 1, NULL)', 'no such sections'],
  ])('refuses what is no list of sections: %s', async (sql, message) => {
    const raw = await openPostgres();
    await expect(raw.exec(sql)).rejects.toThrow(message);
  });
});

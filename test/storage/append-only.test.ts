import Database from 'better-sqlite3';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECTION_NAMES } from '#server/ledger/section.ts';
import { makeEvents, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

const TABLES = [
  'ledger',
  'head',
  'record',
  'tile',
  'checkpoint',
  'quarantined_event',
  'cosignature',
  'witnessed_checkpoint',
  'erasure',
];

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
  raw.exec(`INSERT INTO cosignature VALUES (1, 3, 'w', '00000000', 'v', 'l', 1);
    INSERT INTO witnessed_checkpoint VALUES ('o', 3, x'01', 'note', 1);
    INSERT INTO erasure VALUES ('a', 1, 0, 'actor,details', 't', '{}', 1, NULL, NULL);
    INSERT INTO erasure VALUES ('b', 1, 2, 'actor', 't', '{}', 1, 2, 3)`);
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
  ['record', 'UPDATE record SET digest = leaf_hash, actor = NULL WHERE idx = 0'],
  ['cosignature', 'DELETE FROM cosignature'],
  ['cosignature', "UPDATE cosignature SET line = 'x'"],
  ['witnessed_checkpoint', 'DELETE FROM witnessed_checkpoint'],
  ['witnessed_checkpoint', 'UPDATE witnessed_checkpoint SET size = 2'],
  ['witnessed_checkpoint', "UPDATE witnessed_checkpoint SET origin = 'x'"],
  ['witnessed_checkpoint', 'UPDATE witnessed_checkpoint SET root = (SELECT root FROM head)'],
  ['erasure', 'DELETE FROM erasure'],
  ...set('erasure', ['id', 'sections', 'requested_by', 'event'], "'x'"),
  ...set('erasure', ['ledger_no', 'idx', 'requested_at'], '7'),
  ...set('erasure', ['applied_at', 'scrubbed_at'], '7', "id = 'b'"),
  ['quarantined_event', "UPDATE quarantined_event SET line = '' WHERE state = 'OPEN'"],
  ['quarantined_event', "UPDATE quarantined_event SET line = '' WHERE state = 'REPLAYED'"],
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
  ['SQLite', 'record', 'UPDATE record SET actor = NULL WHERE idx = 1'],
  ['SQLite', 'record', 'UPDATE record SET digest = zeroblob(32) WHERE idx = 1'],
  ['SQLite', 'head', 'INSERT OR REPLACE INTO head SELECT * FROM head'],
  ['SQLite', 'erasure', 'INSERT OR REPLACE INTO erasure SELECT * FROM erasure'],
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
  ['Postgres', 'idempotency_key', 'UPDATE idempotency_key SET digest = (SELECT root FROM head)'],
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
    const all = SECTION_NAMES.map((name) => `"${name}" = NULL`).join(', ');
    const zeros = kind === 'SQLite' ? 'zeroblob(32)' : "decode(repeat('00', 32), 'hex')";
    await raw.exec(`UPDATE record SET ${all}, digest = ${zeros} WHERE idx = 0`);
    await expect(raw.exec('UPDATE record SET details = digest WHERE idx = 0')).rejects.toThrow('append-only');
    await expect(raw.exec('UPDATE record SET digest = leaf_hash WHERE idx = 0')).rejects.toThrow(
      'append-only',
    );
  });

  it('may note that an erasure is carried out, and empty the line of its event in quarantine', async () => {
    const raw = await OPENERS[kind]();
    await raw.exec("UPDATE erasure SET applied_at = 5 WHERE id = 'a'");
    await raw.exec("UPDATE erasure SET scrubbed_at = 6 WHERE id = 'a'");
    for (const [at, id] of ['e0', 'e1'].entries()) {
      await raw.exec(
        `INSERT INTO quarantined_event (id, ledger_no, event_id, code, message, line, state, quarantined_at)
         VALUES (${100 + at}, 1, '${id}', 'c', 'm', 'line', 'REPLAYED', 1)`,
      );
    }
    await raw.exec("UPDATE quarantined_event SET line = '' WHERE event_id = 'e0'");
    const refused = [
      "line = '' WHERE event_id = 'e1'",
      "line = 'other' WHERE event_id = 'e0'",
      "line = '', closed_by = 'x' WHERE event_id = 'e0'",
    ];
    for (const change of refused) {
      await expect(raw.exec(`UPDATE quarantined_event SET ${change}`), change).rejects.toThrow('append-only');
    }
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

describe('apply_erasure on Postgres', () => {
  const note = (id: string, sections: string): string =>
    `INSERT INTO erasure VALUES ('${id}', 1, 1, '${sections}', 't', '{}', 1, NULL, NULL)`;

  it('does to one record what is noted, also to the digest of its id, and changes nothing else', async () => {
    const raw = await openPostgres();
    await raw.exec("SET indelible.ledgers = '1'");
    await raw.exec(note('c', 'actor,details'));
    const expected = (await raw.dump()) as Record<string, unknown>[][];
    const record = expected[TABLES.indexOf('record')]?.[1];
    expect(record).toMatchObject({ idx: '1', details: expect.any(Buffer) as Buffer });
    Object.assign(record ?? {}, { actor: null, details: null, digest: Buffer.alloc(32) });
    Object.assign(expected.at(-1)?.[1] ?? {}, { digest: Buffer.alloc(32) });
    Object.assign(expected[TABLES.indexOf('erasure')]?.at(-1) ?? {}, { applied_at: '7' });
    for (const at of [7, 8]) {
      await raw.exec(`SELECT apply_erasure('c', ${at})`);
      expect(await raw.dump()).toEqual(expected);
    }
  });

  it('reaches only ledgers that the connection sees, and nothing that is not noted', async () => {
    const raw = await openPostgres();
    await raw.exec(note('c', 'actor'));
    const before = await raw.dump();
    await raw.exec("SELECT apply_erasure('none', 7)");
    for (const visible of ['', '2']) {
      await raw.exec(`SET indelible.ledgers = '${visible}'`);
      await raw.exec("SELECT apply_erasure('c', 7)");
    }
    expect(await raw.dump()).toEqual(before);
  });

  it.each(['entry', 'actor,digest', '', 'actor,'])(
    'refuses what is no list of sections: %j',
    async (sections) => {
      const raw = await openPostgres();
      await raw.exec("SET indelible.ledgers = '1'");
      await raw.exec(note('c', sections));
      await expect(raw.exec("SELECT apply_erasure('c', 7)")).rejects.toThrow('no such sections');
    },
  );
});

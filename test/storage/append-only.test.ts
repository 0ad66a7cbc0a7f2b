import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECTION_NAMES } from '#server/ledger/section.ts';
import { makeEvents, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

/** The file of a ledger with three records and a checkpoint, opened as any other tool would. */
async function openRaw(): Promise<{ raw: Database.Database; storage: SqliteStorage }> {
  const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
  await submit(storage, 'acme', makeEvents('e', 3));
  await recordAll(storage);
  const { size = 0, root } = (await storage.store.head('acme')) ?? {};
  if (root) await storage.checkpoints.add('acme', { size, root, note: 'note', createdAt: 1 });
  const quarantine = `INSERT INTO quarantined_event (ledger_no, code, message, line, state, quarantined_at)
     VALUES (1, 'c', 'm', 'line', ?, 1)`;
  const raw = new Database(storage.file);
  for (const state of ['OPEN', 'REPLAYED']) raw.prepare(quarantine).run(state);
  onTestFinished(() => {
    raw.close();
  });
  return { raw, storage };
}

const dump = (raw: Database.Database) =>
  ['ledger', 'head', 'record', 'tile', 'checkpoint', 'quarantined_event'].map((table) =>
    raw.prepare(`SELECT * FROM ${table}`).all(),
  );

/** Each would change what is recorded, or make room for something else. */
const REFUSED: readonly (readonly [table: string, sql: string])[] = [
  ['record', 'DELETE FROM record'],
  ['record', 'DELETE FROM record WHERE idx = 2'],
  ...['ledger_no', 'idx', 'recorded_at'].map(
    (column) => ['record', `UPDATE record SET ${column} = 99`] as const,
  ),
  ...['event_id', 'digest', 'entry', 'leaf_hash'].map(
    (column) => ['record', `UPDATE record SET ${column} = x'00' WHERE idx = 1`] as const,
  ),
  ...SECTION_NAMES.map((name) => ['record', `UPDATE record SET "${name}" = x'00' WHERE idx = 1`] as const),
  ['record', 'UPDATE record SET details = actor, actor = NULL'],
  ['record', "UPDATE record SET actor = NULL, entry = 'x'"],
  ['record', 'INSERT OR REPLACE INTO record SELECT * FROM record WHERE idx = 1'],
  [
    'record',
    "REPLACE INTO record SELECT ledger_no, 9, 'e1', digest, 1, '', leaf_hash, 1, 1, 1, 1, 1, 1 FROM record",
  ],
  ['checkpoint', 'DELETE FROM checkpoint'],
  ['checkpoint', "UPDATE checkpoint SET note = 'other'"],
  ['checkpoint', 'UPDATE checkpoint SET size = 2'],
  ['head', 'DELETE FROM head'],
  ['head', 'UPDATE head SET size = 2'],
  ['head', 'UPDATE head SET ledger_no = 2'],
  ...['root', 'frontier', 'prev', 'recorded_at'].map(
    (column) => ['head', `UPDATE head SET ${column} = x'00'`] as const,
  ),
  ['tile', 'DELETE FROM tile'],
  ...['level', 'idx', 'ledger_no'].map((column) => ['tile', `UPDATE tile SET ${column} = 9`] as const),
  ['tile', "UPDATE tile SET hashes = x'00' || substr(hashes, 2)"],
  ['tile', 'UPDATE tile SET hashes = substr(hashes, 1, 32)'],
  ['quarantined_event', 'DELETE FROM quarantined_event'],
  ...['id', 'event_id', 'code', 'message', 'line', 'quarantined_at'].map(
    (column) =>
      ['quarantined_event', `UPDATE quarantined_event SET ${column} = 7 WHERE state = 'OPEN'`] as const,
  ),
  ['quarantined_event', "UPDATE quarantined_event SET state = 'OPEN' WHERE state = 'REPLAYED'"],
  ['head', 'INSERT OR REPLACE INTO head SELECT * FROM head'],
  ['ledger', 'DELETE FROM ledger'],
  ...['id', 'origin', 'vkey', 'created_at'].map(
    (column) => ['ledger', `UPDATE ledger SET ${column} = 7`] as const,
  ),
  ['ledger', 'INSERT OR REPLACE INTO ledger SELECT * FROM ledger'],
];

describe('a raw connection to the database', () => {
  it.each(REFUSED)('is refused on %s: %s', async (table, sql) => {
    const { raw } = await openRaw();
    raw.pragma('foreign_keys = OFF');
    const before = dump(raw);
    expect(() => raw.exec(sql)).toThrow(`${table} is append-only`);
    expect(dump(raw)).toEqual(before);
  });

  it('cannot replace a checkpoint: one of a size that exists is left out', async () => {
    const { raw } = await openRaw();
    const before = dump(raw);
    raw.exec("INSERT OR REPLACE INTO checkpoint SELECT ledger_no, size, root, 'other', 2 FROM checkpoint");
    expect(dump(raw)).toEqual(before);
  });

  it('may erase sections, each of them or all at once, and may not bring them back', async () => {
    const { raw, storage } = await openRaw();
    const [before] = await storage.read.records('acme');
    raw.exec('UPDATE record SET actor = NULL WHERE idx = 0');
    const [erased] = await storage.read.records('acme');
    expect([...(erased?.sections.keys() ?? [])]).toEqual(['event', 'details']);
    expect(erased?.entry).toBe(before?.entry);
    const restore = raw.prepare('UPDATE record SET actor = ? WHERE idx = 0');
    expect(() => restore.run(before?.sections.get('actor'))).toThrow('record is append-only');
    raw.exec(`UPDATE record SET ${SECTION_NAMES.map((name) => `"${name}" = NULL`).join(', ')}`);
    expect((await storage.read.records('acme')).map(({ sections }) => sections.size)).toEqual([0, 0, 0]);
  });

  it('may rename a ledger, which is no part of what is hashed', async () => {
    const { raw, storage } = await openRaw();
    raw.exec("UPDATE ledger SET name = 'Acme Inc.'");
    expect(await storage.catalog.find('acme')).toMatchObject({ name: 'Acme Inc.' });
  });
});

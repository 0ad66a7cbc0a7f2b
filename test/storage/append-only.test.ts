import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SQLITE_MIGRATIONS } from '#scripts/migrate.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';

let db: Database.Database;

const SECTIONS = ['event', 'actor', 'target', 'context', 'changes', 'details'] as const;

beforeEach(() => {
  db = new Database(':memory:');
  db.pragma('foreign_keys = ON');
  migrateSqlite(db, SQLITE_MIGRATIONS, () => 0);
  db.exec(`
    INSERT INTO ledger (no, id, name, origin, vkey, created_at) VALUES (1, 'a', 'A', 'o/a', 'v', 0);
    INSERT INTO head (ledger_no, size, root, frontier, prev, recorded_at) VALUES (1, 2, x'01', x'', x'02', 5);
    INSERT INTO checkpoint (ledger_no, size, root, note, created_at) VALUES (1, 2, x'01', 'first', 0);
    INSERT INTO record
      (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash,
       event, actor, target, context, changes, details)
    VALUES (1, 0, 'e0', x'00', 5, '{}', x'03', x'01', x'02', x'03', x'04', x'05', x'06');
  `);
});

afterEach(() => {
  db.close();
});

const rows = (table: string) => db.prepare(`SELECT * FROM ${table}`).all();

/** Runs a statement that must be refused, and proves that it changed nothing. */
function refused(table: string, sql: string): string {
  const before = rows(table);
  let message = 'nothing was refused';
  try {
    db.exec(sql);
  } catch (error) {
    message = error instanceof Error ? error.message : String(error);
  }
  expect(rows(table)).toEqual(before);
  return message;
}

describe('a record in the database', () => {
  it('cannot be deleted', () => {
    expect(refused('record', 'DELETE FROM record')).toBe('record is append-only: a record is never deleted');
  });

  it.each([
    'ledger_no = 2',
    'idx = 7',
    "event_id = 'other'",
    "digest = x'07'",
    'recorded_at = 6',
    "entry = '{ }'",
    "leaf_hash = x'07'",
    ...SECTIONS.map((section) => `${section} = x'07'`),
    // Erasure is no cover for another change.
    "actor = NULL, entry = '{ }'",
    "actor = NULL, target = x'07'",
  ])('cannot be changed by SET %s', (change) => {
    expect(refused('record', `UPDATE record SET ${change}`)).toMatch(
      /^record is append-only: a section may be erased/,
    );
  });

  it.each(SECTIONS)('can have its %s erased, for good', (section) => {
    db.exec(`UPDATE record SET "${section}" = NULL`);
    expect(rows('record')).toMatchObject([{ [section]: null, entry: '{}', event_id: 'e0' }]);
    db.exec(`UPDATE record SET "${section}" = NULL`);
    expect(refused('record', `UPDATE record SET "${section}" = x'01'`)).toContain('append-only');
  });

  it.each([
    ['its index', "1, 0, 'e1'"],
    ['its event id', "1, 1, 'e0'"],
  ])('cannot be replaced by way of %s', (_, values) => {
    const columns = 'ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash';
    const insert = `INTO record (${columns}) VALUES (${values}, x'00', 5, '{}', x'03')`;
    expect(refused('record', `INSERT OR REPLACE ${insert}`)).toContain('the index or the event id is taken');
    expect(refused('record', `INSERT ${insert}`)).toContain('the index or the event id is taken');
  });
});

describe('a checkpoint in the database', () => {
  it('cannot be deleted or changed', () => {
    expect(refused('checkpoint', 'DELETE FROM checkpoint')).toContain('a checkpoint is never deleted');
    expect(refused('checkpoint', "UPDATE checkpoint SET note = 'other'")).toContain(
      'a checkpoint never changes',
    );
  });

  it('stays the first one of its size, however the second one comes', () => {
    for (const verb of ['INSERT', 'INSERT OR REPLACE', 'INSERT OR IGNORE']) {
      db.exec(
        `${verb} INTO checkpoint (ledger_no, size, root, note, created_at) VALUES (1, 2, x'09', 'later', 9)`,
      );
    }
    expect(rows('checkpoint')).toMatchObject([{ note: 'first' }]);
  });
});

describe('a ledger in the database', () => {
  it('cannot be deleted or replaced', () => {
    expect(refused('ledger', 'DELETE FROM ledger')).toContain('a ledger is never deleted');
    const columns = 'no, id, name, origin, vkey, created_at';
    for (const values of [
      "1, 'b', 'B', 'o/b', 'v', 0",
      "2, 'a', 'B', 'o/b', 'v', 0",
      "2, 'b', 'B', 'o/a', 'v', 0",
    ]) {
      const sql = `INSERT OR REPLACE INTO ledger (${columns}) VALUES (${values})`;
      expect(refused('ledger', sql)).toContain('the id or the origin is taken');
    }
  });

  it.each(['no = 2', "id = 'b'", "origin = 'o/b'", "vkey = 'w'", 'created_at = 1'])(
    'keeps its identity: SET %s',
    (change) => {
      expect(refused('ledger', `UPDATE ledger SET ${change}`)).toBe(
        'ledger is append-only: only its name may change',
      );
    },
  );

  it('can get another name, or none', () => {
    db.exec("UPDATE ledger SET name = 'B'; UPDATE ledger SET name = NULL");
    expect(rows('ledger')).toMatchObject([{ id: 'a', name: null }]);
  });
});

describe('a head in the database', () => {
  it('cannot be deleted, replaced, moved to another ledger or made smaller', () => {
    expect(refused('head', 'DELETE FROM head')).toContain('a head is never deleted');
    const columns = 'ledger_no, size, root, frontier, prev, recorded_at';
    expect(
      refused('head', `INSERT OR REPLACE INTO head (${columns}) VALUES (1, 0, x'', x'', x'', 0)`),
    ).toContain('the ledger has a head');
    expect(refused('head', 'UPDATE head SET ledger_no = 3')).toContain('append-only');
    expect(refused('head', 'UPDATE head SET size = 1')).toBe('head is append-only: a ledger never shrinks');
  });

  it('can grow', () => {
    db.exec("UPDATE head SET size = 3, root = x'05', prev = x'06', recorded_at = 7");
    expect(rows('head')).toMatchObject([{ size: 3, recorded_at: 7 }]);
  });
});

describe('a new row', () => {
  it('goes in beside the others', () => {
    db.exec(`
      INSERT INTO ledger (id, origin, vkey, created_at) VALUES ('b', 'o/b', 'w', 0);
      INSERT INTO head (ledger_no, size, root, frontier, prev, recorded_at) VALUES (2, 0, x'', x'', x'', 0);
      INSERT INTO checkpoint (ledger_no, size, root, note, created_at) VALUES (2, 2, x'01', 'n', 0);
      INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash)
      VALUES (2, 0, 'e0', x'00', 5, '{}', x'03'), (1, 1, 'e1', x'00', 5, '{}', x'03');
    `);
    expect(rows('record')).toHaveLength(3);
  });
});

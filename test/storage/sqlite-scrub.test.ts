import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ErasureStore } from '#server/ports/erasure-store.ts';
import { createSqliteErasureStore } from '#server/storage/sqlite/erasure-store.ts';
import type { SqliteDatabase } from '#server/storage/sqlite/open.ts';
import { scrubSqlite } from '#server/storage/sqlite/scrub.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { openMigrated } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const ROUNDS = 8;
const ROWS = 110;
const newWord = (): string => `zq${randomBytes(9).toString('hex')}`;

type Random = () => number;

/** Rows of these lengths move from page to page when others come, grow or go. */
const rowText = (word: string, random: Random): string => word.repeat(1 + Math.floor(random() * 120));

/** Makes records and rows of quarantine, closes some, and erases some; gives the words that are erased. */
async function eraseSome(
  db: SqliteDatabase,
  erasures: ErasureStore,
  random: Random,
): Promise<readonly string[]> {
  db.exec(`INSERT INTO ledger VALUES (1, 'acme', NULL, 'o', 'v', 1)`);
  const quarantine = db.prepare(
    `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
     VALUES (1, ?, 'c', 'm', ?, 'OPEN', 1)`,
  );
  const record = db.prepare(
    `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash, details)
     VALUES (1, ?, ?, ?, 1, '', x'00', ?)`,
  );
  const words = Array.from({ length: ROWS }, newWord);
  for (const [i, word] of words.entries()) {
    const digest = randomBytes(32);
    quarantine.run(`e${i}`, `${digest.toString('base64')}\t${rowText(word, random)}`);
    // Some go on on pages of their own.
    const details = rowText(word, random).repeat(i % 13 === 5 ? 9 : 1);
    record.run(i, `e${i}`, digest, Buffer.from(details));
  }
  const close = db.prepare("UPDATE quarantined_event SET state = 'REPLAYED', closed_by = ? WHERE id = ?");
  for (let id = 1; id <= ROWS; id++)
    if (random() < 0.6) close.run('x'.repeat(Math.floor(random() * 400)), id);
  const erased = words.flatMap((word, index) => (random() < 0.5 ? [{ word, index }] : []));
  for (const { index } of erased) {
    const erasure = { id: `erasure-${index}`, ledgerNo: 1, index, sections: ['details'] as const };
    await erasures.note({ ...erasure, requestedBy: 't', event: '{}', requestedAt: 1 });
    await erasures.apply(erasure.id, 2);
  }
  return erased.map(({ word }) => word);
}

/** Lets batches come and go; gives the words of those that went. */
function moveQueue(db: SqliteDatabase, random: Random): readonly string[] {
  const put = db.prepare(
    `INSERT INTO batch (ledger_no, state, attempts, available_at, queued_at, event_count, payload)
     VALUES (1, 'WAITING', 0, 0, 1, 1, ?)`,
  );
  const remove = db.prepare('DELETE FROM batch WHERE id = ?');
  const there = new Map<number, string>();
  const gone: string[] = [];
  for (let i = 0; i < 3 * ROWS; i++) {
    const word = newWord();
    there.set(Number(put.run(rowText(word, random)).lastInsertRowid), word);
    for (const [id, old] of there) {
      if (random() > 0.02) continue;
      remove.run(id);
      there.delete(id);
      gone.push(old);
    }
  }
  return gone;
}

/** All words that are in the database's files. */
function findWords(file: string): ReadonlySet<string> {
  const contents = [file, `${file}-wal`, `${file}-shm`]
    .filter(existsSync)
    .map((one) => readFileSync(one, 'latin1'));
  return new Set(contents.flatMap((content) => content.match(/zq[0-9a-f]{18}/gu) ?? []));
}

it('leaves no copy of what went from records, queue and quarantine, wherever their rows were', {
  timeout: 120_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = join(temporaryFolder(), 'indelible.db');
    const db = openMigrated(file);
    // Nothing here is about power cuts.
    db.pragma('synchronous = OFF');
    const seeded = new SeededRandom(round + 1);
    const random = () => seeded.fraction();
    const erasures = createSqliteErasureStore(db);
    const went = moveQueue(db, random);
    const words = [...(await eraseSome(db, erasures, random)), ...went, ...moveQueue(db, random)];
    const rows = ['SELECT * FROM batch', 'SELECT * FROM quarantined_event'].map((all) => db.prepare(all));
    const before = rows.map((all) => all.all());
    expect(await scrubSqlite(db)).toBeNull();
    const left = findWords(file);
    expect(words.filter((word) => left.has(word))).toEqual([]);
    expect(left.size).toBeGreaterThan(10);
    expect(rows.map((all) => all.all())).toEqual(before);
    // Numbers go on where they were.
    const last = db.prepare<[], number>('SELECT max(id) FROM batch').pluck().get() ?? 0;
    const { lastInsertRowid } = db
      .prepare("INSERT INTO batch SELECT NULL, 1, 'WAITING', 0, 0, NULL, NULL, 1, 1, 'x'")
      .run();
    expect(Number(lastInsertRowid)).toBeGreaterThan(last);
    expect(() => db.exec('DELETE FROM quarantined_event')).toThrow('append-only');
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  }
});

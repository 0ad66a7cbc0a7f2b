import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import type { Erasure, ErasureStore } from '#server/ports/erasure-store.ts';
import { type SqliteDatabase, translated } from './open.ts';
import { scrubSqlite } from './scrub.ts';

interface ErasureRow {
  readonly id: string;
  readonly ledger_no: number;
  readonly idx: number;
  readonly sections: string;
  readonly requested_by: string;
  readonly event: string;
  readonly requested_at: number;
  readonly applied_at: number | null;
  readonly scrubbed_at: number | null;
}

interface ErasedRecord {
  readonly event_id: string;
  readonly digest: Buffer;
}

/**
 * Erasures on SQLite.
 *
 * @param db the connection that writes, as `openForWriting` gives it: what it deletes is overwritten
 */
export function createSqliteErasureStore(db: SqliteDatabase): ErasureStore {
  const statements = prepareStatements(db);
  const apply = db.transaction((id: string, at: number) => {
    const noted = statements.find.get(id);
    if (noted === undefined) return;
    const record = statements.record.get(noted.ledger_no, noted.idx);
    if (record === undefined) return;
    // While the digest is known: it tells the lines that have the same content.
    const head = `${record.digest.toString('base64')}\t`;
    statements.eraseLines.run({
      at,
      by: noted.requested_by,
      no: noted.ledger_no,
      eventId: record.event_id,
      head,
    });
    eraseSections(db, noted);
    statements.applied.run(at, id);
  });
  return {
    async note({ id, ledgerNo, index, sections, requestedBy, event, requestedAt }) {
      translated(() =>
        statements.note.run(id, ledgerNo, index, sections.join(','), requestedBy, event, requestedAt),
      );
    },
    async open() {
      return translated(() => statements.open.all().map(toErasure));
    },
    async find(id) {
      return translated(() => {
        const row = statements.find.get(id);
        return row === undefined ? null : toErasure(row);
      });
    },
    async apply(id, at) {
      // Crash before this commits: nothing is erased, and it is noted still. After it: the tables are without
      // it; what the file and its log keep of it goes with `scrub`.
      translated(() => apply.immediate(id, at));
    },
    async scrub() {
      return await scrubSqlite(db);
    },
    async scrubbed(appliedBefore, at) {
      translated(() => statements.scrubbed.run(at, appliedBefore));
    },
  };
}

function prepareStatements(db: SqliteDatabase) {
  return {
    note: db.prepare(
      `INSERT INTO erasure (id, ledger_no, idx, sections, requested_by, event, requested_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    open: db.prepare<[], ErasureRow>('SELECT * FROM erasure WHERE scrubbed_at IS NULL ORDER BY id'),
    find: db.prepare<[string], ErasureRow>('SELECT * FROM erasure WHERE id = ?'),
    record: db.prepare<[number, number], ErasedRecord>(
      'SELECT event_id, digest FROM record WHERE ledger_no = ? AND idx = ?',
    ),
    eraseLines: db.prepare(
      `UPDATE quarantined_event SET
         line = '',
         closed_at = CASE WHEN state = 'OPEN' THEN :at ELSE closed_at END,
         closed_by = CASE WHEN state = 'OPEN' THEN :by ELSE closed_by END,
         closed_reason = CASE WHEN state = 'OPEN' THEN 'erased with its record' ELSE closed_reason END,
         state = CASE WHEN state = 'OPEN' THEN 'DISCARDED' ELSE state END
       WHERE ledger_no = :no AND event_id = :eventId AND substr(line, 1, 45) = :head`,
    ),
    applied: db.prepare('UPDATE erasure SET applied_at = ? WHERE id = ? AND applied_at IS NULL'),
    scrubbed: db.prepare('UPDATE erasure SET scrubbed_at = ? WHERE applied_at < ? AND scrubbed_at IS NULL'),
  };
}

function eraseSections(db: SqliteDatabase, { ledger_no, idx, sections }: ErasureRow): void {
  const names = sections.split(',').filter(isSectionName);
  if (names.length === 0) throw new Error(`An erasure names no sections: ${sections}`);
  const cleared = names.map((name) => `"${name}" = NULL`).join(', ');
  db.prepare(`UPDATE record SET ${cleared}, digest = zeroblob(32) WHERE ledger_no = ? AND idx = ?`).run(
    ledger_no,
    idx,
  );
}

function toErasure(row: ErasureRow): Erasure {
  return {
    id: row.id,
    ledgerNo: row.ledger_no,
    index: row.idx,
    sections: row.sections.split(',').filter(isSectionName),
    requestedBy: row.requested_by,
    event: row.event,
    requestedAt: row.requested_at,
    appliedAt: row.applied_at,
    scrubbedAt: row.scrubbed_at,
  };
}

function isSectionName(name: string): name is SectionName {
  return SECTION_NAMES.some((known) => known === name);
}

import { AppError } from '#server/errors.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import { type SqliteDatabase, translated } from './open.ts';

interface QuarantinedRow {
  readonly ledger_no: number;
  readonly ledger: string;
  readonly line: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'DISCARDED';
}

/**
 * @param onReplayed called after an event was put back into the queue: it waits there again, and is not new.
 */
export function createSqliteQuarantine(
  db: SqliteDatabase,
  now: () => number,
  onReplayed: (ledger: string, line: string) => void,
): Quarantine {
  const select = db.prepare<[number], QuarantinedRow>(
    `SELECT q.ledger_no, l.id AS ledger, q.line, q.state
     FROM quarantined_event q JOIN ledger l ON l.no = q.ledger_no WHERE q.id = ?`,
  );
  const close = db.prepare(
    'UPDATE quarantined_event SET state = ?, closed_at = ?, closed_by = ?, closed_reason = ? WHERE id = ?',
  );
  const enqueue = db.prepare(
    `INSERT INTO batch (ledger_no, state, attempts, available_at, queued_at, event_count, payload)
     VALUES (?, 'WAITING', 0, 0, ?, 1, ?)`,
  );
  const findOpen = (id: number): QuarantinedRow => {
    const row = select.get(id);
    if (!row) throw new AppError('QUARANTINED_EVENT_NOT_FOUND');
    if (row.state !== 'OPEN') throw new AppError('QUARANTINED_EVENT_CLOSED');
    return row;
  };
  const replay = db.transaction((id: number, by: string) => {
    const row = findOpen(id);
    enqueue.run(row.ledger_no, now(), row.line);
    close.run('REPLAYED', now(), by, null, id);
    return row;
  });
  const discard = db.transaction((id: number, by: string, reason: string) => {
    findOpen(id);
    close.run('DISCARDED', now(), by, reason, id);
  });
  return {
    async replay(id, by) {
      const { ledger, line } = translated(() => replay.immediate(id, by));
      onReplayed(ledger, line);
    },
    async discard(id, by, reason) {
      translated(() => discard.immediate(id, by, reason));
    },
  };
}

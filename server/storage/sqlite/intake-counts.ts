import {
  type CountedIntake,
  type IntakeCounts,
  type QueuedEventId,
  withoutRecorded,
} from '#server/ports/intake-counts.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { type SqliteDatabase, translated } from './open.ts';

/** A batch leaves the queue in the transaction that records it, or the last of it. */
const COUNT = `SELECT
    (SELECT size FROM head WHERE ledger_no = $no) AS recorded,
    (SELECT count(*) FROM quarantined_event WHERE ledger_no = $no AND state IN ('OPEN', 'DISCARDED'))
      AS quarantined,
    (SELECT count(*) FROM quarantined_event WHERE ledger_no = $no AND state = 'DISCARDED') AS discarded,
    (SELECT coalesce(sum(event_count), 0) FROM batch WHERE ledger_no = $no) AS waiting,
    (SELECT min(queued_at) FROM batch WHERE ledger_no = $no) AS waitingSince`;
/** Batches that failed before: they may be recorded event by event. */
const FAILED = 'SELECT payload FROM batch WHERE ledger_no = ? AND attempts > 1';

/** Counts over a connection that reads; each call sees what is committed. */
export function createSqliteIntakeCounts(db: SqliteDatabase, queuedEventId: QueuedEventId): IntakeCounts {
  const count = db.prepare<[{ readonly no: number }], CountedIntake>(COUNT);
  const recordedAt = db
    .prepare<[number, number], number>('SELECT recorded_at FROM record WHERE ledger_no = ? AND idx = ?')
    .pluck();
  const failed = db.prepare<[number], string>(FAILED).pluck();
  const isRecorded = db
    .prepare<[number, string], number>('SELECT 1 FROM record WHERE ledger_no = ? AND event_id = ?')
    .pluck();
  // One transaction, and so one snapshot.
  const countAll = db.transaction((ledgerNo: number): CountedIntake => {
    const row = count.get({ no: ledgerNo });
    if (row === undefined) throw new Error('There is no count.');
    const ids = failed.all(ledgerNo).flatMap((payload) => payload.split('\n').map(queuedEventId));
    const known = ids.filter((id) => id !== null && isRecorded.get(ledgerNo, toStoredText(id)) === 1);
    return withoutRecorded(row, known.length);
  });
  return {
    async count(ledgerNo) {
      return translated(() => countAll(ledgerNo));
    },
    async recordedAt(ledgerNo, indexes) {
      return translated(() =>
        indexes.map((index) => {
          const at = recordedAt.get(ledgerNo, index);
          if (at === undefined) throw new Error(`Ledger ${ledgerNo} lacks record ${index}.`);
          return at;
        }),
      );
    },
  };
}

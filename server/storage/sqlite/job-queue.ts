import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Batch, type JobQueue, RETRY_WAIT_MAX_MS } from '#server/ports/job-queue.ts';
import { type SqliteDatabase, translated } from './open.ts';

interface BatchRow {
  readonly id: number;
  readonly ledger: string;
  readonly ledger_no: number;
  readonly state: 'WAITING' | 'LEASED';
  readonly attempts: number;
  readonly available_at: number;
  readonly event_count: number;
  readonly payload: string;
}

/**
 * The queue on SQLite.
 *
 * @param processId names this process in the leases. Whoever opens the queue holds the data folder alone, so
 *   the leases of all other processes are void; they are cleared here.
 */
export function createSqliteJobQueue(db: SqliteDatabase, processId: string, now: () => number): JobQueue {
  const statements = prepareStatements(db);
  let lastServed = 0;
  translated(() => statements.voidLeases.run(processId));

  const leaseNext = (max: number): Batch[] => {
    const oldest = statements.oldest.all();
    const turn = [...oldest.filter((row) => row.ledger_no > lastServed), ...oldest].slice(0, oldest.length);
    const batches: Batch[] = [];
    for (const { id } of turn) {
      if (batches.length === max) break;
      const row = statements.free.get(id, now(), now() + RETRY_WAIT_MAX_MS);
      if (!row) continue;
      statements.lease.run(processId, id);
      lastServed = row.ledger_no;
      batches.push(toBatch(row));
    }
    return batches;
  };

  return {
    async take(max) {
      // The intake and the messages of the main thread share this thread: let them have their turn between
      // batches.
      await nextTurn();
      // A lease need not survive a power cut (it would be void anyway), so it does not wait for the disk.
      return translated(() => withoutSync(db, () => db.transaction(leaseNext).immediate(max)));
    },
    async release(batch) {
      try {
        statements.release.run(Number(batch.id));
      } catch {
        // A full disk, say. The lease ends with this process, which is about to stop.
      }
    },
    async retry(batch, at, reason) {
      translated(() => statements.retry.run(at, reason, Number(batch.id)));
    },
    async nextDueAt() {
      return translated(() => statements.nextDue.get() ?? null);
    },
    async depth() {
      return translated(() => {
        const row = statements.depth.get()!;
        return { batches: row.batches, events: row.events ?? 0, oldestAt: row.oldest_at };
      });
    },
  };
}

function prepareStatements(db: SqliteDatabase) {
  return {
    voidLeases: db.prepare(
      "UPDATE batch SET state = 'WAITING', leased_by = NULL WHERE state = 'LEASED' AND leased_by <> ?",
    ),
    oldest: db.prepare<[], { ledger_no: number; id: number }>(
      // One look into the index a ledger: grouping would read the whole queue.
      `WITH RECURSIVE queued (ledger_no) AS (
         SELECT MIN(ledger_no) FROM batch
         UNION ALL
         SELECT (SELECT MIN(b.ledger_no) FROM batch b WHERE b.ledger_no > queued.ledger_no)
         FROM queued WHERE queued.ledger_no IS NOT NULL
       )
       SELECT ledger_no, (SELECT MIN(b.id) FROM batch b WHERE b.ledger_no = queued.ledger_no) AS id
       FROM queued WHERE ledger_no IS NOT NULL ORDER BY ledger_no`,
    ),
    free: db.prepare<[number, number, number], BatchRow>(
      `SELECT b.id, l.id AS ledger, b.ledger_no, b.state, b.attempts, b.available_at, b.event_count, b.payload
       FROM batch b JOIN ledger l ON l.no = b.ledger_no
       WHERE b.id = ? AND b.state = 'WAITING' AND NOT b.available_at BETWEEN ? + 1 AND ?`,
    ),
    lease: db.prepare(
      "UPDATE batch SET state = 'LEASED', attempts = attempts + 1, leased_by = ? WHERE id = ?",
    ),
    release: db.prepare(
      "UPDATE batch SET state = 'WAITING', leased_by = NULL, attempts = attempts - 1 WHERE id = ?",
    ),
    retry: db.prepare(
      "UPDATE batch SET state = 'WAITING', leased_by = NULL, available_at = ?, last_error = ? WHERE id = ?",
    ),
    // Also one that fell due since it was last asked for: else nobody would come back for it.
    nextDue: db
      .prepare<[], number | null>(
        "SELECT MIN(available_at) FROM batch WHERE state = 'WAITING' AND available_at > 0",
      )
      .pluck(),
    depth: db.prepare<[], { batches: number; events: number | null; oldest_at: number | null }>(
      'SELECT COUNT(*) AS batches, SUM(event_count) AS events, MIN(queued_at) AS oldest_at FROM batch',
    ),
  };
}

function withoutSync<T>(db: SqliteDatabase, run: () => T): T {
  db.pragma('synchronous = NORMAL');
  try {
    return run();
  } finally {
    db.pragma('synchronous = FULL');
  }
}

function toBatch(row: BatchRow): Batch {
  return {
    id: String(row.id),
    ledger: row.ledger,
    attempts: row.attempts + 1,
    payload: row.payload,
    eventCount: row.event_count,
  };
}

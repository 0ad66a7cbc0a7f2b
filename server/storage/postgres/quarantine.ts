import type { PgBoss } from 'pg-boss';
import { AppError } from '#server/errors.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import { createEnqueue, createJobIds } from './enqueue.ts';
import { inTransaction, type PostgresClient, type PostgresPool } from './open.ts';

export interface PostgresQuarantineOptions {
  readonly pool: PostgresPool;
  readonly boss: PgBoss;
  readonly queueName: string;
  readonly now: () => number;
  /** Called after an event was put back into the queue: it waits there again, and is not new. */
  readonly onReplayed: (ledger: string, line: string) => void;
}

interface QuarantinedRow {
  readonly ledger_no: number;
  readonly ledger: string;
  readonly line: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'DISCARDED';
}

/** Largest number of the table's ids. */
const ID_MAX = 2_147_483_647;

export function createPostgresQuarantine(options: PostgresQuarantineOptions): Quarantine {
  const { pool, now, onReplayed } = options;
  const enqueue = createEnqueue(options);
  const newJobId = createJobIds(now);
  return {
    async replay(id, by) {
      // Before this commits the event is in quarantine, after it in the queue; never in both or in neither.
      const { ledger, line } = await inTransaction(pool, async (client) => {
        const row = await lockOpen(client, id);
        const batch = { id: newJobId(), ledgerNo: row.ledger_no, lines: [row.line] };
        await enqueue(client, [{ ...batch, characters: row.line.length }]);
        await close(client, id, { state: 'REPLAYED', at: now(), by, reason: null });
        return row;
      });
      onReplayed(ledger, line);
    },
    async discard(id, by, reason) {
      await inTransaction(pool, async (client) => {
        await lockOpen(client, id);
        await close(client, id, { state: 'DISCARDED', at: now(), by, reason });
      });
    },
  };
}

/** Reads an event that is in quarantine, and keeps others from closing it until the transaction ends. */
async function lockOpen(client: PostgresClient, id: number): Promise<QuarantinedRow> {
  if (!Number.isInteger(id) || id < 0 || id > ID_MAX) throw new AppError('QUARANTINED_EVENT_NOT_FOUND');
  const { rows } = await client.query<QuarantinedRow>(
    `SELECT q.ledger_no, l.id AS ledger, q.line, q.state
     FROM quarantined_event q JOIN ledger l ON l.no = q.ledger_no WHERE q.id = $1 FOR UPDATE OF q`,
    [id],
  );
  const row = rows[0];
  if (!row) throw new AppError('QUARANTINED_EVENT_NOT_FOUND');
  if (row.state !== 'OPEN') throw new AppError('QUARANTINED_EVENT_CLOSED');
  return row;
}

interface Closing {
  readonly state: 'REPLAYED' | 'DISCARDED';
  readonly at: number;
  readonly by: string;
  readonly reason: string | null;
}

async function close(client: PostgresClient, id: number, { state, at, by, reason }: Closing): Promise<void> {
  await client.query(
    `UPDATE quarantined_event SET state = $1, closed_at = $2, closed_by = $3, closed_reason = $4
     WHERE id = $5`,
    [state, at, by, reason, id],
  );
}

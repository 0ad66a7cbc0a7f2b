import {
  type CountedIntake,
  type IntakeCounts,
  type QueuedEventId,
  withoutRecorded,
} from '#server/ports/intake-counts.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { inTransaction, type PostgresClient, type PostgresPool } from './open.ts';
import { unpackLines } from './packed-lines.ts';
import { QUEUE_SCHEMA } from './roles.ts';

/** A batch leaves the queue in the transaction that records it, or the last of it. */
const COUNT = `SELECT
    (SELECT size FROM head WHERE ledger_no = $1) AS recorded,
    (SELECT count(*) FROM quarantined_event WHERE ledger_no = $1 AND state IN ('OPEN', 'DISCARDED'))
      AS quarantined,
    (SELECT count(*) FROM quarantined_event WHERE ledger_no = $1 AND state = 'DISCARDED') AS discarded,
    (SELECT coalesce(sum(event_count), 0)::bigint FROM batch_payload WHERE ledger_no = $1) AS waiting,
    (SELECT min(queued_at) FROM batch_payload WHERE ledger_no = $1) AS "waitingSince"`;
/** Batches that failed before: they may be recorded event by event. They are few, and have an index. */
const FAILED = `SELECT p.payload AS packed
  FROM ${QUEUE_SCHEMA}.job j JOIN batch_payload p ON p.job_id = j.id
  WHERE j.state = 'retry' AND j.policy = 'key_strict_fifo' AND p.ledger_no = $1`;
const KNOWN = `SELECT count(*)::int AS count FROM json_array_elements_text($2::json) AS asked (event_id)
  WHERE EXISTS (SELECT FROM record r WHERE r.ledger_no = $1 AND r.event_id = asked.event_id)`;
const RECORDED_AT = 'SELECT idx, recorded_at FROM record WHERE ledger_no = $1 AND idx = ANY ($2::bigint[])';

/**
 * Counts in the database.
 *
 * @param pool of the primary: a copy may have some of it later than the rest of the appliance
 */
export function createPostgresIntakeCounts(pool: PostgresPool, queuedEventId: QueuedEventId): IntakeCounts {
  return {
    async count(ledgerNo) {
      return await inTransaction(pool, async (client) => {
        // All that follows sees one snapshot.
        await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        const { rows } = await client.query<CountedIntake>(COUNT, [ledgerNo]);
        if (rows[0] === undefined) throw new Error('There is no count.');
        return withoutRecorded(rows[0], await countRecorded(client, ledgerNo, queuedEventId));
      });
    },
    async recordedAt(ledgerNo, indexes) {
      const rows = await inTransaction(pool, async (client) => {
        const found = await client.query<{ idx: number; recorded_at: number }>(RECORDED_AT, [
          ledgerNo,
          indexes,
        ]);
        return found.rows;
      });
      const byIndex = new Map(rows.map((row) => [row.idx, row.recorded_at]));
      return indexes.map((index) => {
        const at = byIndex.get(index);
        if (at === undefined) throw new Error(`Ledger ${ledgerNo} lacks record ${index}.`);
        return at;
      });
    },
  };
}

/** How many events of batches in the queue are records already. */
async function countRecorded(
  client: PostgresClient,
  ledgerNo: number,
  queuedEventId: QueuedEventId,
): Promise<number> {
  const { rows } = await client.query<{ packed: Buffer }>(FAILED, [ledgerNo]);
  const ids = rows.flatMap(({ packed }) => unpackLines(packed).split('\n').map(queuedEventId));
  const asked = ids.filter((id) => id !== null).map(toStoredText);
  if (asked.length === 0) return 0;
  const { rows: known } = await client.query<{ count: number }>(KNOWN, [ledgerNo, JSON.stringify(asked)]);
  return known[0]?.count ?? 0;
}

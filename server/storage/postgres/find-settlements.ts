import type { Settlement } from '#server/ports/intake.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { inTransaction, type PostgresPool } from './open.ts';

/** Most events that are asked for at once. */
const ASKED_MAX = 5000;

/**
 * Looks up how events of a ledger ended. Those that still wait are not in the answer: one whose last stay in
 * quarantine ended with a replay is in the queue or in the ledger.
 *
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function findSettlements(
  pool: PostgresPool,
  ledgerNo: number,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, Settlement>> {
  const found = new Map<string, Settlement>();
  for (let from = 0; from < eventIds.length; from += ASKED_MAX) {
    const asked = eventIds.slice(from, from + ASKED_MAX);
    // One statement sees one moment: an event that is between queue and ledger is in neither answer.
    const rows = await inTransaction(pool, async (client) => {
      const { rows: ended } = await client.query<{ at: number; idx: number | null }>(
        `SELECT asked.at - 1 AS at, r.idx
         FROM json_array_elements_text($2::json) WITH ORDINALITY AS asked (event_id, at)
         LEFT JOIN LATERAL (
           SELECT idx FROM record WHERE ledger_no = $1 AND event_id = asked.event_id LIMIT 1
         ) AS r ON TRUE
         LEFT JOIN LATERAL (
           SELECT state FROM quarantined_event
           WHERE ledger_no = $1 AND event_id = asked.event_id ORDER BY id DESC LIMIT 1
         ) AS q ON TRUE
         WHERE r.idx IS NOT NULL OR q.state <> 'REPLAYED'`,
        [ledgerNo, JSON.stringify(asked.map(toStoredText))],
      );
      return ended;
    });
    for (const { at, idx } of rows) {
      found.set(asked[at]!, idx === null ? { state: 'QUARANTINED' } : { state: 'RECORDED', index: idx });
    }
  }
  return found;
}

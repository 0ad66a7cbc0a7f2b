import { type PostgresPool, inTransaction } from './open.ts';

/**
 * Ledgers that have grown, or were made, and lack a checkpoint of their size: of those the process that
 * recorded last died, or is only about to sign.
 *
 * @param before ms since the epoch: only growth up to then
 */
export async function findUnsignedLedgers(pool: PostgresPool, before: number): Promise<readonly string[]> {
  return await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT l.id FROM head h JOIN ledger l ON l.no = h.ledger_no
       WHERE greatest(h.recorded_at, l.created_at) <= $1
         AND h.size > coalesce((SELECT max(c.size) FROM checkpoint c WHERE c.ledger_no = h.ledger_no), -1)`,
      [before],
    );
    return rows.map(({ id }) => id);
  });
}

import { CLAIM_MAX_MS } from '#server/ports/segment-store.ts';
import { whole } from './copy-out.ts';
import { endTransaction } from './leases.ts';
import { begin, type PostgresPool } from './open.ts';

/** Names the locks of those who build segments of a ledger: "indelible, index". */
const CLAIM_LOCK = 1_769_235_567;

/**
 * Claims a ledger for whoever builds its segments: of many processes one does, the others look after other
 * ledgers. It only saves work: what is put is safe without it.
 *
 * The claim is a lock of an open transaction, so it holds through PgBouncer and ends with the process or its
 * connection. That transaction has seen and written nothing: it holds up neither vacuum nor a standby.
 *
 * @returns what ends the claim; `null` where another process has it
 */
export async function claimLedger(
  pool: PostgresPool,
  ledgerNo: number,
): Promise<(() => Promise<void>) | null> {
  const client = await pool.connect();
  try {
    await begin(client, CLAIM_MAX_MS);
    // A machine that vanishes must not keep the others waiting for longer than about half a minute.
    await client.query(
      'SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; ' +
        'SET LOCAL tcp_keepalives_count = 3',
    );
    // With parameters it would keep its snapshot, and so hold up vacuum.
    const { rows } = await client.query<{ claimed: boolean }>(
      `SELECT pg_try_advisory_xact_lock(${CLAIM_LOCK}, ${whole(ledgerNo)}) AS claimed`,
    );
    if (rows[0]?.claimed === true) {
      // Where the connection broke meanwhile the claim is over anyway.
      return async () => await endTransaction(client, 'ROLLBACK').catch(() => undefined);
    }
  } catch (error) {
    client.release(true);
    throw error;
  }
  await endTransaction(client, 'ROLLBACK');
  return null;
}

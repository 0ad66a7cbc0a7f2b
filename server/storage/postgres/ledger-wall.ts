import type pg from 'pg';

/** Ids of ledgers, or `*` for all. */
export type WalledLedgers = '*' | ReadonlySet<string>;

/** Turns ids of ledgers into what `indelible.ledgers` takes. */
export interface LedgerWall {
  settingOf(ledgers: WalledLedgers): Promise<string>;
}

/** No ledger has this number. Nothing at all would not do: it means that nobody has asked for a wall. */
const NO_LEDGER = '0';

/** A statement that takes longer hangs; whoever asked has gone. */
const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Remembers the numbers of ledgers, which never change. An id that no ledger has is looked up again each
 * time: the ledger may be created at any moment, by any process.
 */
export function createLedgerWall(pool: pg.Pool): LedgerWall {
  const numbers = new Map<string, number>();
  const learn = async (ids: readonly string[]): Promise<void> => {
    // No id has U+0000, and Postgres would refuse the question.
    const sought = ids.filter((id) => !numbers.has(id) && !id.includes('\u0000'));
    if (sought.length === 0) return;
    const { rows } = await pool.query<{ id: string; no: number }>(
      'SELECT id, no FROM ledger WHERE id = ANY ($1)',
      [sought],
    );
    for (const { id, no } of rows) numbers.set(id, no);
  };
  return {
    async settingOf(ledgers) {
      if (ledgers === '*') return '*';
      await learn([...ledgers]);
      const known = [...ledgers].flatMap((id) => numbers.get(id) ?? []);
      return known.length === 0 ? NO_LEDGER : known.join(',');
    },
  };
}

/**
 * Runs one statement in a transaction of its own that only reads and sees only some ledgers (`ledger_wall`).
 * The setting ends with the transaction, so the next user of the connection, or of one of PgBouncer's, has
 * nothing of it. The three statements are sent without waiting in between: the wall costs no round trip.
 *
 * @param pool one whose connections pipeline
 * @param setting of `indelible.ledgers`: `*`, or numbers with commas between
 */
export async function queryBehindWall(
  pool: pg.Pool,
  setting: string,
  query: pg.QueryArrayConfig,
): Promise<pg.QueryArrayResult> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    const [begun, answered, ended] = await Promise.allSettled([
      client.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
         SET LOCAL indelible.ledgers = '${setting}';
         SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS};`,
      ),
      client.query(query),
      // After a failure it rolls back.
      client.query('COMMIT'),
    ]);
    isBroken = begun.status === 'rejected' || ended.status === 'rejected';
    if (begun.status === 'rejected') throw begun.reason;
    if (answered.status === 'rejected') throw answered.reason;
    return answered.value;
  } finally {
    client.release(isBroken);
  }
}

import { readPreimage } from '#server/ledger/section.ts';
import type { VerificationOutcome } from '#server/ledger/verify.ts';
import { createPostgresLedgerArchive } from '#server/storage/postgres/ledger-archive.ts';
import { createPostgresLedgerReader, type StoredRecord } from '#server/storage/postgres/ledger-reader.ts';
import { inTransaction, openPool } from '#server/storage/postgres/open.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { checkArchive } from './check-archive.ts';

export interface CheckedPostgresLedger extends VerificationOutcome {
  readonly size: number;
  readonly waiting: number;
  readonly quarantined: number;
}

/**
 * Verifies a whole ledger of a Postgres database outside the server's processes: content, columns, chain,
 * tree, head, checkpoints, those included that the data folder remembers, and cosignatures.
 *
 * @param onRecord is given each record and the JSON text of its sections.
 */
export async function checkPostgresLedger(
  url: string,
  dataDir: string,
  id: string,
  onRecord: (record: StoredRecord, json: ReadonlyMap<string, string>) => void = () => undefined,
): Promise<CheckedPostgresLedger> {
  const pool = openPool(url, { max: 3, name: 'check' });
  try {
    const seen = createRememberedCheckpoints(`${dataDir}/checkpoints`).get(id);
    const outcome = await checkArchive(createPostgresLedgerArchive(pool), id, seen);
    for await (const record of createPostgresLedgerReader(pool).records(id, 0)) {
      onRecord(
        record,
        new Map([...record.sections].map(([name, bytes]) => [name, readPreimage(bytes).json])),
      );
    }
    const count = async (table: string): Promise<number> =>
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ count: number }>(`SELECT count(*) FROM ${table}`);
        return rows[0]?.count ?? 0;
      });
    const [waiting, quarantined] = [await count('batch_payload'), await count('quarantined_event')];
    return { ...outcome, waiting, quarantined };
  } finally {
    await pool.end();
  }
}

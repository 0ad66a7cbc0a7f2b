import { join } from 'node:path';
import { readPreimage } from '#server/ledger/section.ts';
import type { VerificationOutcome } from '#server/ledger/verify.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { createSqliteLedgerReader, type StoredRecord } from '#server/storage/sqlite/ledger-reader.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { checkArchive } from './check-archive.ts';

export interface CheckedLedger extends VerificationOutcome {
  readonly size: number;
  readonly waiting: number;
  readonly quarantined: number;
}

/**
 * Verifies a whole ledger of a data folder outside the server's process: content, columns, chain, tree, head,
 * checkpoints, cosignatures.
 *
 * @param onRecord is given each record and the JSON text of its sections.
 */
export async function checkLedger(
  dataDir: string,
  id: string,
  onRecord: (record: StoredRecord, json: ReadonlyMap<string, string>) => void = () => undefined,
): Promise<CheckedLedger> {
  const db = openForReading(join(dataDir, 'indelible.db'));
  try {
    const seen = createRememberedCheckpoints(join(dataDir, 'checkpoints')).get(id);
    const outcome = await checkArchive(createSqliteLedgerArchive(db), id, seen);
    for await (const record of createSqliteLedgerReader(db).records(id, 0)) {
      onRecord(
        record,
        new Map([...record.sections].map(([name, bytes]) => [name, readPreimage(bytes).json])),
      );
    }
    const count = (table: string): number =>
      db.prepare<[], number>(`SELECT COUNT(*) FROM ${table}`).pluck().get() ?? 0;
    return { ...outcome, waiting: count('batch'), quarantined: count('quarantined_event') };
  } finally {
    db.close();
  }
}

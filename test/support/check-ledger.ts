import { join } from 'node:path';
import { verifyEd25519 } from '#server/ed25519.ts';
import { readPreimage } from '#server/ledger/section.ts';
import { type VerificationOutcome, verifyLedger } from '#server/ledger/verify.ts';
import { sha256 } from '#server/sha256.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { createSqliteLedgerReader, type StoredRecord } from '#server/storage/sqlite/ledger-reader.ts';
import { createSqliteLedgerStore } from '#server/storage/sqlite/ledger-store.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';

export interface CheckedLedger extends VerificationOutcome {
  readonly size: number;
  readonly waiting: number;
  readonly quarantined: number;
}

/**
 * Recomputes a whole ledger of a data folder outside the server's process: content, chain, tree, checkpoints.
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
    const identity = await createSqliteLedgerCatalog(db, sha256).find(id);
    const reader = createSqliteLedgerReader(db);
    const head = await createSqliteLedgerStore(db, () => 0).head(id);
    if (!identity || !head) throw new Error(`There is no ledger ${id}.`);
    const seen = createRememberedCheckpoints(join(dataDir, 'checkpoints')).get(id);
    const outcome = await verifyLedger(sha256, verifyEd25519, {
      ...identity,
      head,
      records: observe(reader.records(id, 0), onRecord),
      checkpoints: reader.checkpoints(id),
      seen: seen === null ? [] : [seen],
      readTile: strictTiles((level, index) => reader.tile(id, level, index)),
    });
    const count = (table: string): number =>
      db.prepare<[], number>(`SELECT COUNT(*) FROM ${table}`).pluck().get() ?? 0;
    return { ...outcome, size: head.size, waiting: count('batch'), quarantined: count('quarantined_event') };
  } finally {
    db.close();
  }
}

async function* observe(
  records: AsyncIterable<StoredRecord>,
  onRecord: (record: StoredRecord, json: ReadonlyMap<string, string>) => void,
): AsyncGenerator<StoredRecord> {
  for await (const record of records) {
    onRecord(record, new Map([...record.sections].map(([name, bytes]) => [name, readPreimage(bytes).json])));
    yield record;
  }
}

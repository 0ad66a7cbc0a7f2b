import { FatalError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import type { LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { RememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createSqliteCheckpointStore } from './checkpoint-store.ts';
import { createSqliteLedgerCatalog } from './ledger-catalog.ts';
import { createSqliteLedgerReader } from './ledger-reader.ts';
import { createSqliteLedgerStore } from './ledger-store.ts';
import type { SqliteDatabase } from './open.ts';

/**
 * Reads what the check at the start compares: of each ledger's head, last record, tiles and newest
 * checkpoints.
 */
export function createStartReader(db: SqliteDatabase, sha256: Sha256, remembered: RememberedCheckpoints) {
  const reader = createSqliteLedgerReader(db);
  const checkpoints = createSqliteCheckpointStore(db);
  const store = createSqliteLedgerStore(db, () => 0);
  const catalog = createSqliteLedgerCatalog(db, sha256);
  return {
    ledgers: () => catalog.list(),
    async missing() {
      const present = new Set((await catalog.list()).map(({ id }) => id));
      return remembered.ledgers().filter((id) => !present.has(id));
    },
    /** @throws FatalError when the ledger has no head, or tiles that do not fit it. */
    async read(identity: LedgerIdentity) {
      const head = await store.head(identity.id);
      if (head === null) throw new FatalError(identity.id, 'The ledger has no head.');
      const last = reader.last(identity.id);
      const notes = [(await checkpoints.latest(identity.id))?.note, remembered.get(identity.id)];
      return {
        identity,
        head,
        lastIndex: last?.index ?? -1,
        lastEntry: last?.entry ?? null,
        checkpointNotes: [...new Set(notes)].filter((note) => typeof note === 'string'),
        readTile: strictTiles((level, index) => reader.tile(identity.id, level, index)),
      };
    },
  };
}

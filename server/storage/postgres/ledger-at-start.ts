import { FatalError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import type { LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { RememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { readLatestCheckpoint } from './checkpoint-store.ts';
import { createPostgresLedgerCatalog } from './ledger-catalog.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { createPostgresLedgerReader, readLastRecord } from './ledger-reader.ts';
import { readHead } from './ledger-store.ts';
import { inTransaction, type PostgresPool } from './open.ts';

/**
 * Reads what the check at the start compares: of each ledger's head, last record, tiles and newest
 * checkpoints. Other processes may append meanwhile.
 */
export function createStartReader(pool: PostgresPool, sha256: Sha256, remembered: RememberedCheckpoints) {
  const reader = createPostgresLedgerReader(pool);
  const catalog = createPostgresLedgerCatalog(pool, sha256);
  const numbers = createLedgerNumbers();
  return {
    ledgers: () => catalog.list(),
    async missing() {
      const present = new Set((await catalog.list()).map(({ id }) => id));
      return remembered.ledgers().filter((id) => !present.has(id));
    },
    /** @throws FatalError when the ledger has no head, or tiles that do not fit it. */
    async read(identity: LedgerIdentity) {
      const { id } = identity;
      // Before the rest: it speaks of a ledger that is no longer than the one read below.
      const rememberedNote = remembered.get(id);
      const { head, last, latest } = await inTransaction(pool, async (client) => {
        // One snapshot of all three: a checkpoint made in between would look like a ledger rolled back.
        await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
        const no = await numbers.find(client, id);
        if (no === null) throw new FatalError(id, 'The ledger is gone.');
        return {
          head: await readHead(client, id, no),
          last: await readLastRecord(client, no),
          latest: await readLatestCheckpoint(client, no),
        };
      });
      const notes = [latest?.note, rememberedNote];
      return {
        identity,
        head,
        lastIndex: last?.index ?? -1,
        lastEntry: last?.entry ?? null,
        checkpointNotes: [...new Set(notes)].filter((note) => typeof note === 'string'),
        // Later than the snapshot: a tile only grows at its end, and of a longer one the beginning is read.
        readTile: strictTiles((level, index) => reader.tile(id, level, index)),
      };
    },
  };
}

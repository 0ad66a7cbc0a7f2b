import { verifyEd25519 } from '#server/ed25519.ts';
import { readPreimage } from '#server/ledger/section.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import { type VerificationOutcome, verifyLedger } from '#server/ledger/verify.ts';
import { sha256 } from '#server/sha256.ts';
import { createLeases } from '#server/storage/postgres/leases.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { createPostgresLedgerReader } from '#server/storage/postgres/ledger-reader.ts';
import { createPostgresLedgerStore } from '#server/storage/postgres/ledger-store.ts';
import { createBoss } from '#server/storage/postgres/boss.ts';
import { inTransaction, openPool } from '#server/storage/postgres/open.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import type { StoredRecord } from '#server/storage/postgres/ledger-reader.ts';
import { TEST_QUEUE } from './postgres-server.ts';

export interface CheckedPostgresLedger extends VerificationOutcome {
  readonly size: number;
  readonly waiting: number;
  readonly quarantined: number;
}

/**
 * Recomputes a whole ledger of a Postgres database outside the server's processes: content, chain, tree,
 * checkpoints, those included that the data folder remembers.
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
    const boss = createBoss(pool, { queueName: TEST_QUEUE, maintains: false, onError: () => undefined });
    const reader = createPostgresLedgerReader(pool);
    const identity = await createPostgresLedgerCatalog(pool, sha256).find(id);
    const store = createPostgresLedgerStore({
      pool,
      boss,
      queueName: TEST_QUEUE,
      leases: createLeases(),
      now: () => 0,
    });
    const head = await store.head(id);
    if (!identity || !head) throw new Error(`There is no ledger ${id}.`);
    const seen = createRememberedCheckpoints(`${dataDir}/checkpoints`).get(id);
    const outcome = await verifyLedger(sha256, verifyEd25519, {
      ...identity,
      head,
      records: observe(reader.records(id, 0), onRecord),
      checkpoints: reader.checkpoints(id),
      seen: seen === null ? [] : [seen],
      readTile: strictTiles((level, index) => reader.tile(id, level, index)),
    });
    const count = async (table: string): Promise<number> =>
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ count: number }>(`SELECT count(*) FROM ${table}`);
        return rows[0]?.count ?? 0;
      });
    const [waiting, quarantined] = [await count('batch_payload'), await count('quarantined_event')];
    return { ...outcome, size: head.size, waiting, quarantined };
  } finally {
    await pool.end();
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

import { inTransaction, type PostgresPool } from './open.ts';

/** Records in one partition of a ledger, as `add_record_partition` makes them. */
export const PARTITION_RECORDS = 2 ** 20;
/** A partition is made when the one before it is this full: at any speed long before it is needed. */
const MAKE_NEXT_AT = PARTITION_RECORDS / 2;

/** The partitions of ledgers that grow. */
export interface Partitions {
  /**
   * Makes what records from one size to another go into, and the partition after that where it is soon
   * needed. It costs nothing where they are known. Each is made in a transaction of its own, so that no lock
   * is held while an append runs.
   */
  ensure(ledgerNo: number, from: number, to: number): Promise<void>;
}

export function createPartitions(pool: PostgresPool): Partitions {
  /** Of each ledger the highest chunk that is there, and with it all that an append can still need. */
  const made = new Map<number, number>();
  return {
    async ensure(ledgerNo, from, to) {
      const last = lastChunk(to);
      const known = made.get(ledgerNo) ?? -1;
      if (known >= last) return;
      const first = Math.max(chunkOf(from), known + 1);
      for (let chunk = first; chunk <= last; chunk++) {
        // Crash before or after: a partition more or less. The next append makes what it lacks.
        await addPartition(pool, ledgerNo, chunk);
      }
      made.set(ledgerNo, last);
    },
  };
}

/** Makes the partitions that ledgers will need soon: run now and then, so that no append waits for it. */
export async function ensurePartitions(pool: PostgresPool): Promise<void> {
  const heads = await inTransaction(
    pool,
    async (client) =>
      (await client.query<{ no: number; size: number }>('SELECT ledger_no AS no, size FROM head')).rows,
  );
  for (const { no, size } of heads) {
    for (let chunk = chunkOf(size); chunk <= lastChunk(size); chunk++) await addPartition(pool, no, chunk);
  }
}

/** The partition that a record belongs into, by its index. */
export function chunkOf(index: number): number {
  return Math.floor(index / PARTITION_RECORDS);
}

export function partitionName(ledgerNo: number, chunk: number): string {
  return `record_${ledgerNo}_${chunk}`;
}

/** The last partition that should be there when a ledger has this size. */
function lastChunk(size: number): number {
  return chunkOf(size + MAKE_NEXT_AT);
}

async function addPartition(pool: PostgresPool, ledgerNo: number, chunk: number): Promise<void> {
  await inTransaction(
    pool,
    async (client) => await client.query('SELECT add_record_partition($1, $2)', [ledgerNo, chunk]),
  );
}

import { systemClock } from '#server/clock.ts';
import type { PostgresClient } from './open.ts';

/**
 * A batch in hand: the open transaction that fetched it. As long as it is open no other worker gets the
 * batch, nor another one of its ledger.
 */
export interface Lease {
  readonly batchId: string;
  readonly ledgerNo: number;
  readonly client: PostgresClient;
  /** The jobs that the batch was made of, the first one being the oldest of its ledger. */
  readonly jobIds: readonly [string, ...string[]];
  /** When the transaction began, by the clock of this process. */
  readonly takenAt: number;
}

/** The batches in hand of this process; shared by its queue and its ledger store. */
export interface Leases {
  /**
   * Keeps what the transaction did so far as the lease, until someone takes it up or its connection breaks:
   * the batch is out again then.
   */
  begin(lease: Lease): Promise<void>;
  /**
   * Takes the lease up: nobody else gets it meanwhile. `null` where there is none (any more). Whoever takes
   * it up gives it back, undoes or ends it.
   */
  takeUp(batchId: string): Lease | null;
  /** The lease of a batch of this ledger that nobody has taken up, left where it is: to read with. */
  ofLedger(ledgerNo: number): Lease | null;
  /** From now on, for a minute, the jobs of this ledger are given out one by one. */
  keepApart(ledgerNo: number): void;
  isApart(ledgerNo: number): boolean;
  /** Puts a lease back under which nothing was written. */
  giveBack(lease: Lease): void;
  /**
   * Undoes what was done under the lease and puts it back. Says whether that could be done: where its
   * connection is gone, so is the lease.
   */
  undo(lease: Lease): Promise<boolean>;
  /** Ends the lease for good. If this rejects, all of it was committed or nothing. */
  commit(lease: Lease): Promise<void>;
  /** Ends the lease as if it had never been, which is what happens without its connection anyway. */
  rollBack(lease: Lease): Promise<void>;
}

/** Long enough for what waited when it failed; forgetting it early costs one attempt more. */
const APART_MS = 60_000;

/** @param now ms since the epoch */
export function createLeases(now: () => number = systemClock): Leases {
  const apartUntil = new Map<number, number>();
  const kept = new Map<string, { readonly lease: Lease; readonly onLost: () => void }>();

  const giveBack = (lease: Lease): void => {
    const onLost = (): void => {
      kept.delete(lease.batchId);
      lease.client.release(true);
    };
    lease.client.once('error', onLost);
    kept.set(lease.batchId, { lease, onLost });
  };

  return {
    async begin(lease) {
      // Whoever works on a batch waits for others on the same ledger, however long they take.
      await lease.client.query('SET LOCAL lock_timeout = 0; SAVEPOINT leased');
      giveBack(lease);
    },
    takeUp(batchId) {
      const found = kept.get(batchId);
      if (!found) return null;
      kept.delete(batchId);
      found.lease.client.removeListener('error', found.onLost);
      return found.lease;
    },
    ofLedger(ledgerNo) {
      for (const { lease } of kept.values()) if (lease.ledgerNo === ledgerNo) return lease;
      return null;
    },
    keepApart: (ledgerNo) => void apartUntil.set(ledgerNo, now() + APART_MS),
    isApart(ledgerNo) {
      const until = apartUntil.get(ledgerNo);
      if (until !== undefined && now() < until) return true;
      apartUntil.delete(ledgerNo);
      return false;
    },
    giveBack,
    async undo(lease) {
      try {
        await lease.client.query('ROLLBACK TO SAVEPOINT leased');
      } catch {
        // The connection is gone, and the transaction with it. The error that led here is the one to tell.
        lease.client.release(true);
        return false;
      }
      giveBack(lease);
      return true;
    },
    async commit({ client }) {
      await endTransaction(client, 'COMMIT');
    },
    async rollBack({ client }) {
      // An error here means that the connection is gone, and the transaction with it.
      await endTransaction(client, 'ROLLBACK').catch(() => undefined);
    },
  };
}

/** Ends the transaction and gives the connection back to its pool, or throws it away where that fails. */
export async function endTransaction(client: PostgresClient, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  try {
    const { command } = await client.query(how);
    // Postgres answers a COMMIT in a transaction that failed before with ROLLBACK, and with no error.
    if (command !== how) throw new Error(`${how} ended in ${command}`);
  } catch (error) {
    client.release(true);
    throw error;
  }
  client.release();
}

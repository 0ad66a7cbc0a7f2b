import type { Hash } from '#server/ledger/hash.ts';
import type { SectionName } from '#server/ledger/section.ts';
import type { EdgeTile, TileWrite } from '#server/ledger/tile.ts';

/** A ledger's identity, fixed when it is created. */
export interface LedgerIdentity {
  readonly id: string;
  readonly name: string | null;
  /** Prefix-qualified public name, e.g. `audit.example.com/acme`. */
  readonly origin: string;
  /** C2SP verifier key. */
  readonly vkey: string;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** Where a ledger stands: all that is needed to append to it. */
export interface Head {
  readonly size: number;
  readonly root: Hash;
  /** RFC 6962 frontier: roots of the perfect subtrees that make up the tree, largest first. */
  readonly frontier: readonly Hash[];
  /** Leaf hash of the last record; of an empty ledger SHA-256 of its origin. */
  readonly prev: Hash;
  /** `recordedAt` of the last record, ms since the epoch; 0 for an empty ledger. */
  readonly recordedAt: number;
}

/** The head with the right-hand tiles that the next leaves go into. */
export interface HeadForAppend extends Head {
  readonly edge: readonly EdgeTile[];
}

/** One record as it is stored: every byte that was hashed. */
export interface NewRecord {
  readonly index: number;
  readonly eventId: string;
  readonly digest: Hash;
  /** ms since the epoch. */
  readonly recordedAt: number;
  readonly entry: string;
  readonly leafHash: Hash;
  /** `salt || json` of each section: exactly the bytes under its commitment. */
  readonly sections: ReadonlyMap<SectionName, Uint8Array>;
}

/** An event that cannot be recorded, with the reason, kept until someone replays or discards it. */
export interface NewQuarantinedEvent {
  readonly eventId: string | null;
  readonly code: string;
  readonly message: string;
  /** The event's line as it was accepted. */
  readonly line: string;
}

export interface Append {
  readonly ledger: string;
  /** The head this append was computed from: compare-and-swap on size and root. */
  readonly from: Head;
  readonly to: Head;
  readonly records: readonly NewRecord[];
  readonly tiles: readonly TileWrite[];
  readonly quarantined: readonly NewQuarantinedEvent[];
  /** The batch that this completes; `null` while a batch is recorded piece by piece. */
  readonly completes: string | null;
}

/**
 * `HEAD_MOVED`: someone else appended first. `BATCH_GONE`: someone else completed the batch, and the head is
 * still the one the append was computed from. `LEASE_LOST`: the batch is out again, in one piece or in
 * several; whoever had it leaves it to the queue. Nothing was written with any of them.
 */
export type AppendOutcome = 'APPENDED' | 'HEAD_MOVED' | 'BATCH_GONE' | 'LEASE_LOST';

export interface KnownEvent {
  readonly digest: Hash;
  readonly index: number;
}

/** The worker's side of the ledger. */
export interface LedgerStore {
  /** The head as committed, or `null` where there is no such ledger. Never read from a replica. */
  head(ledger: string): Promise<HeadForAppend | null>;

  /** Which of these event ids are recorded in the ledger. */
  known(ledger: string, eventIds: readonly string[]): Promise<ReadonlyMap<string, KnownEvent>>;

  /**
   * Writes records, tiles, quarantined events, the new head and the batch's completion in one transaction.
   *
   * Durability: when this resolves with APPENDED everything survives `kill -9` and a power cut; a crash
   * before the commit leaves none of it, and the batch is given out again.
   * Concurrency: compare-and-swap on the head, so that a ledger cannot fork however many processes append.
   * Idempotence: an event id is unique in its ledger; a second append of one fails whole.
   */
  append(append: Append): Promise<AppendOutcome>;
}

export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Hash;
  /** The signed note. */
  readonly note: string;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** Checkpoints, beside the ledger they speak of. */
export interface CheckpointStore {
  latest(ledger: string): Promise<StoredCheckpoint | null>;
  /** Durable when this resolves. A second checkpoint of the same size is a no-op. */
  add(ledger: string, checkpoint: StoredCheckpoint): Promise<void>;
}

/** The ledgers of this appliance. */
export interface LedgerCatalog {
  list(): Promise<readonly LedgerIdentity[]>;
  find(id: string): Promise<LedgerIdentity | null>;
  /** Creates the ledger with its empty head. Errors: LEDGER_EXISTS. Durable when this resolves. */
  create(identity: LedgerIdentity): Promise<void>;
}

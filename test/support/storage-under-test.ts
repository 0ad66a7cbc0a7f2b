import type { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { StoredRecord as VerifiableRecord } from '#server/ledger/verify.ts';
import type { Intake, Settlement } from '#server/ports/intake.ts';
import type { JobQueue } from '#server/ports/job-queue.ts';
import type { CheckpointStore, LedgerCatalog, LedgerStore } from '#server/ports/ledger-store.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import type { TokenStore } from '#server/ports/token-store.ts';

export interface StorageOptions {
  /** Default: a clock that stands at `NOW`. */
  readonly now?: () => number;
  readonly refusal?: () => AppError | null;
  readonly onQueued?: () => void;
  readonly queueEventsMax?: number;
  readonly queueCharactersMax?: number;
}

/** Where clocks of tests start: 2026-03-01T12:00:00Z. */
export const NOW = Date.UTC(2026, 2, 1, 12);

export interface ReadRecord extends VerifiableRecord {
  readonly digest: Hash;
}

export interface ReadQuarantinedEvent {
  readonly id: number;
  readonly ledger: string;
  readonly eventId: string | null;
  readonly code: string;
  readonly message: string;
  readonly line: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'DISCARDED';
  readonly closedBy: string | null;
  readonly closedReason: string | null;
}

/** What the tests read to see what was kept. */
export interface StorageReads {
  records(ledger: string): Promise<readonly ReadRecord[]>;
  notes(ledger: string): Promise<readonly string[]>;
  tile(ledger: string, level: number, index: number): Promise<Uint8Array | null>;
  quarantined(): Promise<readonly ReadQuarantinedEvent[]>;
}

/** What may be used by two processes at once. */
export interface SharedStorage {
  readonly store: LedgerStore;
  readonly checkpoints: CheckpointStore;
  readonly catalog: LedgerCatalog;
  readonly read: StorageReads;
}

/** One process on a storage: all ports that write, over the same data. */
export interface StorageUnderTest extends SharedStorage {
  readonly intake: Intake;
  readonly queue: JobQueue;
  readonly quarantine: Quarantine;
  readonly tokens: TokenStore;
  /** The worker tells the intake how events ended. */
  settle(ledger: string, settlements: ReadonlyMap<string, Settlement>): void;
  /** A new process on what is durable at this moment: as if this one had been killed now. */
  restart(options?: StorageOptions): Promise<StorageUnderTest>;
  /** A second process on the same data, while this one goes on. */
  beside(): Promise<SharedStorage>;
}

/** Opens an empty storage; it is removed when the test ends. */
export type OpenStorage = (options?: StorageOptions) => Promise<StorageUnderTest>;

import type { Head, LedgerIdentity, NewRecord, StoredCheckpoint } from '#server/ports/ledger-store.ts';
import type { StoredToken } from '#server/ports/token-store.ts';
import type { ReadQuarantinedEvent } from './storage-under-test.ts';

export interface MemoryBatch {
  readonly id: string;
  readonly ledger: string;
  readonly lines: readonly string[];
  readonly queuedAt: number;
  attempts: number;
  availableAt: number;
  /** Which process works on it. */
  leasedBy: number | null;
}

export interface MemoryLedger {
  readonly identity: LedgerIdentity;
  head: Head;
  readonly records: NewRecord[];
  /** By `level/index`. */
  readonly tiles: Map<string, Uint8Array>;
  readonly checkpoints: StoredCheckpoint[];
}

/** What outlives a process of the storage in memory. */
export interface MemoryDisk {
  readonly ledgers: Map<string, MemoryLedger>;
  batches: MemoryBatch[];
  batchesMade: number;
  processesMade: number;
  readonly quarantined: ReadQuarantinedEvent[];
  readonly tokens: Map<string, StoredToken>;
}

export function emptyDisk(): MemoryDisk {
  return {
    ledgers: new Map(),
    batches: [],
    batchesMade: 0,
    processesMade: 0,
    quarantined: [],
    tokens: new Map(),
  };
}

export function queueLines(
  disk: MemoryDisk,
  ledger: string,
  lines: readonly string[],
  queuedAt: number,
): void {
  const id = String(++disk.batchesMade);
  disk.batches.push({ id, ledger, lines, queuedAt, attempts: 0, availableAt: 0, leasedBy: null });
}

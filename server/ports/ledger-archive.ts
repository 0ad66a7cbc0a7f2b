import type { SectionName } from '#server/ledger/section.ts';

/**
 * A ledger's row and its head as the storage has them: nothing is interpreted, nothing is believed.
 */
export interface ArchivedLedger {
  readonly no: number;
  readonly id: string;
  readonly name: string | null;
  readonly origin: string;
  readonly vkey: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Read in one moment; `null` where there is none, which no ledger should be without. */
  readonly head: ArchivedHead | null;
}

export interface ArchivedHead {
  readonly size: number;
  readonly root: Uint8Array;
  /** Roots of the perfect subtrees, largest first, 32 bytes each. */
  readonly frontier: Uint8Array;
  readonly prev: Uint8Array;
  /** ms since the epoch. */
  readonly recordedAt: number;
}

export interface ArchivedRecord {
  readonly index: number;
  readonly eventId: string;
  /** base64. */
  readonly digest: string;
  /** ms since the epoch. */
  readonly recordedAt: number;
  readonly entry: string;
  /** base64. */
  readonly leafHash: string;
  /** `salt || json` by name; an erased section is missing. */
  readonly sections: ReadonlyMap<SectionName, Uint8Array>;
}

export interface ArchivedCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note as the ledger's key signed it, without cosignatures. */
  readonly note: string;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** A witness's signature line on a checkpoint (C2SP tlog-cosignature). */
export interface ArchivedCosignature {
  /** Of the checkpoint. */
  readonly size: number;
  /** The witness's verifier key. */
  readonly vkey: string;
  /** Name and id of that key, from columns of their own. */
  readonly witness: string;
  readonly keyId: string;
  /** The signature line with its newline. */
  readonly line: string;
}

/** Where a stored tile lies, and how much there is of it. */
export interface ArchivedTile {
  readonly level: number;
  readonly index: number;
  readonly bytes: number;
}

/** Sections of one record that were lawfully erased. */
export interface ArchivedErasure {
  /** Also the id of the event in the ledger `system` that records it. */
  readonly id: string;
  readonly index: number;
  readonly sections: readonly string[];
}

/**
 * Plain reads of whole ledgers, for verification, export and proofs, on any thread or in a process without a
 * server. Every read is short: no transaction stays open between two. What was recorded never changes, so
 * reads of one size fit together whenever they are made. Errors of all: STORAGE_UNAVAILABLE.
 */
export interface LedgerArchive {
  ledgers(): Promise<readonly ArchivedLedger[]>;
  ledger(id: string): Promise<ArchivedLedger | null>;
  /**
   * The records with an index from `from` on and below `to`, ascending: as many as fit into
   * `ARCHIVE_BYTES_MAX` and `ARCHIVE_RECORDS_MAX`, at least one where there is one. Empty: there is none.
   */
  records(ledgerNo: number, from: number, to: number): Promise<readonly ArchivedRecord[]>;
  /** The record with an event id. */
  recordOf(ledgerNo: number, eventId: string): Promise<ArchivedRecord | null>;
  /** The whole stored tile (C2SP tlog-tiles); `null` where there is none. */
  tile(ledgerNo: number, level: number, index: number): Promise<Uint8Array | null>;
  /** What tiles there are behind this one (`null`: from the first), by level and index, at most `max`. */
  tiles(
    ledgerNo: number,
    after: Pick<ArchivedTile, 'level' | 'index'> | null,
    max: number,
  ): Promise<readonly ArchivedTile[]>;
  /** Checkpoints larger than `after`, ascending, at most `max` (up to 500). */
  checkpoints(ledgerNo: number, after: number, max: number): Promise<readonly ArchivedCheckpoint[]>;
  /** The largest checkpoint of at most this size. */
  checkpointUpTo(ledgerNo: number, size: number): Promise<ArchivedCheckpoint | null>;
  /** Of checkpoints larger than `after` and up to `to`, in order of size. */
  cosignatures(ledgerNo: number, after: number, to: number): Promise<readonly ArchivedCosignature[]>;
  /** Of records from `from` on and below `to`, in order of index; only those that were carried out. */
  erasures(ledgerNo: number, from: number, to: number): Promise<readonly ArchivedErasure[]>;
  /** What witnesses refused, one sentence each, with the size that was refused. */
  refusals(ledgerNo: number): Promise<readonly { readonly size: number; readonly message: string }[]>;
}

/** Most content of one read, in bytes, unless a single record has more. */
export const ARCHIVE_BYTES_MAX = 4 * 1024 * 1024;
export const ARCHIVE_RECORDS_MAX = 1_024;

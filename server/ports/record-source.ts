import type { Hash } from '#server/ledger/hash.ts';
import type { SectionName } from '#server/ledger/section.ts';

/** A record's content as the index reads it. */
export interface ContentRecord {
  readonly index: number;
  /** ms since the epoch. */
  readonly recordedAt: number;
  readonly leafHash: Hash;
  /** `salt || json` of each section that is there. */
  readonly sections: ReadonlyMap<SectionName, Uint8Array>;
}

/** Where the index, and whoever scans, reads records from: the ledgers themselves. */
export interface RecordSource {
  /** Numbers of all ledgers, ascending. */
  ledgers(): Promise<readonly number[]>;

  /** Records in the ledger, as committed; 0 where there is no such ledger. */
  size(ledgerNo: number): Promise<number>;

  /**
   * The records of a range, ascending, at most `to - from` of them: fewer where the ledger ends before, or
   * where they have more than `CONTENT_BYTES_MAX` bytes together (then as many as fit, at least one).
   * Errors: STORAGE_UNAVAILABLE.
   */
  read(ledgerNo: number, from: number, to: number): Promise<readonly ContentRecord[]>;
}

/** Most content that one `read` gives, in bytes, unless a single record has more. */
export const CONTENT_BYTES_MAX = 8 * 1024 * 1024;

/** A stretch of a ledger that is indexed together. */
export interface SegmentInfo {
  /** Unique in the store; used again, if ever, only after a crash of the database took commits away. */
  readonly id: number;
  /** Index of its first record. */
  readonly from: number;
  /** Index behind its last record. */
  readonly to: number;
}

/** A segment to be kept: pages of bytes by number. Page 0 is read first. */
export interface NewSegment {
  readonly from: number;
  readonly to: number;
  readonly pages: readonly Uint8Array[];
}

export interface PageAddress {
  readonly segment: number;
  readonly page: number;
}

/**
 * Where the index is kept. It is derived from the ledgers and may be lost at any time: nothing here needs to
 * survive a power cut, but what is there is whole.
 *
 * The segments of a ledger follow each other from 0 on without a gap. Errors of all: STORAGE_UNAVAILABLE;
 * INDEX_DAMAGED where the store itself cannot be read.
 */
export interface SegmentStore {
  /** The ledger's segments, ascending. */
  list(ledgerNo: number): Promise<readonly SegmentInfo[]>;

  /** The pages asked for, in that order; `null` for one that is not there (its segment was replaced). */
  read(ledgerNo: number, pages: readonly PageAddress[]): Promise<readonly (Uint8Array | null)[]>;

  /**
   * Puts a segment in place of those that lie within its range, in one transaction.
   *
   * @returns `false`, and nothing is changed, where it would overlap a segment in part or leave a gap before
   *   it: somebody else was faster
   */
  put(ledgerNo: number, segment: NewSegment): Promise<boolean>;

  /** Removes the ledger's segments that end behind `from`, so that they are made anew; 0 removes all. */
  removeFrom(ledgerNo: number, from: number): Promise<void>;

  /**
   * Claims a ledger for whoever builds its segments, so that of several processes one does it and the others
   * look after other ledgers. It only saves work: `put` is safe without. The claim also ends with the
   * process, with its connection, and after CLAIM_MAX_MS; whoever holds it is not told.
   *
   * Not there where one process builds all segments.
   *
   * @returns ends the claim, and never rejects; `null` where another one has it
   */
  claim?(ledgerNo: number): Promise<(() => Promise<void>) | null>;
}

/** Longest that a ledger is claimed for: far longer than building a segment takes. */
export const CLAIM_MAX_MS = 120_000;

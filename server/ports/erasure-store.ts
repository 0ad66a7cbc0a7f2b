import type { SectionName } from '#server/ledger/section.ts';

/** A lawful erasure: noted first, recorded in the ledger `system`, then carried out. */
export interface Erasure {
  /** UUIDv7; also the id of the event in the ledger `system` that records it. */
  readonly id: string;
  readonly ledgerNo: number;
  readonly index: number;
  readonly sections: readonly SectionName[];
  /** Id of the token that asked for it. */
  readonly requestedBy: string;
  /** The event that is recorded in the ledger `system`, as JSON text: a crash in between repeats it. */
  readonly event: string;
  /** ms since the epoch. */
  readonly requestedAt: number;
  /** When value and salt were gone from the ledger; `null`: not yet. */
  readonly appliedAt: number | null;
  /** When they were also gone from the files (free pages, logs, queue remains, index); `null`: not yet. */
  readonly scrubbedAt: number | null;
}

/** Errors of all: STORAGE_UNAVAILABLE. */
export interface ErasureStore {
  /** Notes the erasure. Durable when this resolves; nothing is erased yet. */
  note(erasure: Omit<Erasure, 'appliedAt' | 'scrubbedAt'>): Promise<void>;
  /** Those that are not at their end: carried out again at the start, and from time to time. */
  open(): Promise<readonly Erasure[]>;
  find(id: string): Promise<Erasure | null>;
  /**
   * Sets the sections of the record to NULL, value and salt together, and the digest of the event, which is
   * over all content, to zeros: in the ledger, and wherever ids are kept. One transaction; again is no harm.
   * What is not noted cannot be erased.
   */
  apply(id: string, at: number): Promise<void>;
  /**
   * Takes what was erased out of what the database leaves behind: free pages, logs, queue remains. `null`
   * where that is done; else what stands in the way, as a sentence for the operator.
   */
  scrub(): Promise<string | null>;
  /** Marks all applied erasures as scrubbed that were applied before `appliedBefore`. */
  scrubbed(appliedBefore: number, at: number): Promise<void>;
}

/** The digest of an event any section of which was erased: 32 zero bytes, base64. */
export const ERASED_DIGEST = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

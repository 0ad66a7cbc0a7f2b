import type { Break } from '#server/ledger/break.ts';
import type { SignatureVerifiers } from '#server/ledger/cosignature.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';

/** What verification reads and computes with. */
export interface VerifyArchiveDeps {
  readonly archive: LedgerArchive;
  /** The search copy; `null` where there is none to compare. */
  readonly segments: Pick<SegmentStore, 'list' | 'read'> | null;
  readonly sha256: Sha256;
  readonly verifiers: SignatureVerifiers;
  /** Signed notes of the ledger that were kept outside its database, in any order. */
  readonly seen: readonly string[];
  /** Verifier keys of the witnesses whose cosignatures are expected. */
  readonly witnessVkeys: readonly string[];
}

/** Records from `from` (inclusive) to `to` (exclusive); `null`: from the first, to the last. */
export interface VerificationRequest {
  /** The ledger's id. */
  readonly ledger: string;
  readonly from: number | null;
  readonly to: number | null;
}

export interface VerificationContext {
  /** The member `resume` of what was reported last by a run that did not come to its end; else `null`. */
  readonly resume: unknown;
  /** Takes a `VerificationProgress`, a few times a second. */
  readonly report: (progress: VerificationProgress) => void;
  /** Once it is aborted the verification rejects with its reason. */
  readonly signal: AbortSignal;
}

/** RECORDS: content, chain, tree, checkpoints. INDEX: the search copy against the records. */
export type VerificationPhase = 'RECORDS' | 'INDEX';

/** How far a verification is: plain data for `JSON.stringify`. */
export interface VerificationProgress {
  /** Records looked at in this phase. */
  readonly checked: number;
  /** Records to look at in this phase. */
  readonly total: number;
  /** Records a second in this phase, in this run. */
  readonly rate: number;
  readonly phase: VerificationPhase;
  /** The first `BREAKS_KEPT_MAX`. */
  readonly breaks: readonly Break[];
  /** All of them. */
  readonly breakCount: number;
  /** What goes on from here. */
  readonly resume: unknown;
}

/** What came of it: `checked`, `total` and `rate` are those of the records. */
export interface VerificationResult extends Omit<VerificationProgress, 'resume'> {
  /** The head that was verified. */
  readonly size: number;
  /** base64; empty where the head has none that can be read. */
  readonly root: string;
  /** Records of the search copy that were compared, and how many a second. */
  readonly indexChecked: number;
  readonly indexRate: number;
  /** What could not be checked, a sentence each: no break, but not verified either. */
  readonly notChecked: readonly string[];
}

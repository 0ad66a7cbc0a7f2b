import type { BreakKind } from '#server/ledger/break.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { Manifest } from './manifest.ts';

/**
 * The kinds of break of a pack: those of a ledger (format page, section 7), `ORDER` for records that are not
 * in the order of their indexes or there twice, and `FILE_BROKEN` for the file itself.
 */
export type PackBreakKind = BreakKind | 'ORDER' | 'FILE_BROKEN';

/** One thing that is wrong with a pack or a proof. */
export interface PackBreak {
  readonly kind: PackBreakKind;
  /** The record it was found at; `null` where it concerns the whole, or the index cannot be told. */
  readonly index: number | null;
  readonly message: string;
}

/** A checkpoint that the verifier saw before, or has from elsewhere. */
export interface SeenCheckpoint {
  readonly size: number;
  readonly root: Hash;
}

/** What the verifier brings along, and how it wants to hear of what is found. */
export interface CheckOptions {
  /** The ledger's verifier key, got elsewhere or pinned before; `null`: only the one in the pack is there. */
  readonly vkey: string | null;
  /** Verifier keys of witnesses, each of which must have cosigned the checkpoint. */
  readonly witnesses: readonly string[];
  /** Checkpoints of the same origin to compare with. */
  readonly seen: readonly SeenCheckpoint[];
  /** What the verifier remembers of an origin that it met before; `null`: nothing. */
  readonly pinOf?: (origin: string) => Pin | null;
}

/** What is remembered of an origin. */
export interface Pin {
  readonly vkey: string;
  readonly seen: readonly SeenCheckpoint[];
}

/** Checkpoints to compare with, given and remembered together. */
export const SEEN_MAX = 64;
/** Breaks that are kept by default; all are counted. */
export const BREAKS_KEPT_MAX = 1_000;

/** How one witness stands to the checkpoint. */
export interface WitnessOutcome {
  readonly vkey: string;
  /** Name of its key. */
  readonly name: string;
  /** `UNKNOWN_ALGORITHM`: it has a line there, and this platform cannot verify its kind of signature. */
  readonly state: 'COSIGNED' | 'INVALID' | 'ABSENT' | 'UNKNOWN_ALGORITHM';
  /** When it cosigned, in seconds since the epoch; `null` where it did not, or nobody knows. */
  readonly timestamp: number | null;
}

/**
 * What the signature was verified with. `GIVEN`: a key that the verifier brought along. `PINNED`: the one
 * that it remembers. `SELF`: the one in the pack, which shows only that the pack agrees with itself.
 * `NONE`: no signature verified.
 */
export type Trust = 'GIVEN' | 'PINNED' | 'SELF' | 'NONE';

/** What is said of a checkpoint note that was looked at. */
export interface NoteOutcome {
  /** What it says, verified or not; `null` where it cannot be read. */
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: Hash } | null;
  /** The note itself. */
  readonly note: string;
  /** The verifier key under which the signature verified; `null`: under none. */
  readonly vkey: string | null;
  readonly trust: Trust;
  readonly witnesses: readonly WitnessOutcome[];
  /** Signature lines of others, which nobody looked at. */
  readonly otherLines: number;
}

/** How a checkpoint that was seen before stands to this one. */
export interface SeenOutcome extends SeenCheckpoint {
  /** `UNKNOWN`: what there is does not suffice to compare. */
  readonly state: 'SAME' | 'DIFFERS' | 'UNKNOWN';
}

/** What was found out of a set of records. */
export interface RecordsOutcome {
  /** Records that were read and checked, broken or not. */
  readonly checked: number;
  readonly firstIndex: number | null;
  readonly lastIndex: number | null;
  /** Sections whose content is there. */
  readonly disclosed: number;
  /** Sections that were erased or withheld: only their commitments are there. */
  readonly absent: number;
  /** Records whose `prev` was compared with the leaf hash of the record before, or with the origin. */
  readonly links: number;
  readonly seen: readonly SeenOutcome[];
}

/** What came of verifying a pack or a proof. */
export interface CheckOutcome extends RecordsOutcome {
  /**
   * No break, the signature verifies, and every byte was looked at. With `SELF` it is self-consistent only.
   */
  readonly verified: boolean;
  readonly trust: Trust;
  /** The first ones, in the order found. */
  readonly breaks: readonly PackBreak[];
  readonly breakCount: number;
  readonly note: NoteOutcome | null;
  /** Sentences for people: what this verification does not show. */
  readonly unchecked: readonly string[];
}

/** What came of verifying a pack. */
export interface PackOutcome extends CheckOutcome {
  readonly manifest: Manifest | null;
}

/** A witness's cosignature, verified by whoever adds it. */
export interface NewCosignature {
  readonly ledgerNo: number;
  /** Of the checkpoint. */
  readonly size: number;
  /** The witness's verifier key. */
  readonly vkey: string;
  /** The signature line with its newline (C2SP tlog-cosignature). */
  readonly line: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** A checkpoint that a witness has not seen yet, or not for long. */
export interface DueCheckpoint {
  readonly ledgerNo: number;
  readonly ledger: string;
  readonly size: number;
  readonly note: string;
  /** Size of the last checkpoint that this witness cosigned; 0 for none. */
  readonly cosignedSize: number;
}

/**
 * Each in ms since the epoch: when a witness must have been asked last to be asked again. Whom it was asked
 * about later than `now` it is asked about at once: a clock was ahead, and was set back.
 */
export interface AskedBefore {
  readonly now: number;
  /** About a checkpoint that it cosigned and that is still the latest. */
  readonly cosigned: number;
  /** About a ledger that has grown since, unless an export of it waits for a cosignature. */
  readonly grown: number;
  /** About a ledger that it refused. */
  readonly refused: number;
  /** About a ledger where it could not be asked, or did not answer well. */
  readonly troubled: number;
}

/**
 * How long after an export was asked for its ledger is offered without a wait: a pack is better with a
 * cosignature, and the checkpoint that it needs comes a moment later.
 */
export const EXPORT_OFFERS_MS = 10_000;

/** How it stands with one witness and one ledger. */
export interface WitnessStanding {
  /** Name of the witness's key. */
  readonly witness: string;
  readonly cosignedSize: number;
  /** ms since the epoch; `null` where it never cosigned. */
  readonly cosignedAt: number | null;
  /** It refused the ledger as inconsistent with what it saw before: one sentence; `null` where it did not. */
  readonly refusal: string | null;
  /** Size of the checkpoint that was refused. */
  readonly refusedSize: number | null;
  /** Why it could not be asked the last time, or its answer was of no use; `null` otherwise. */
  readonly trouble: string | null;
}

/** What witnesses said of this appliance's checkpoints. Errors of all: STORAGE_UNAVAILABLE. */
export interface CosignatureStore {
  /**
   * Ledgers whose latest checkpoint this witness (its key's name) has not cosigned, those that wait longest
   * first. Once it was asked about a ledger, only after so long as is said: of a refusal, of trouble, and of
   * the checkpoint that it cosigned. A ledger that grew is due at once while an export of it is open, so long
   * as it was not asked about `EXPORT_OFFERS_MS` after that was created.
   */
  due(witness: string, askedBefore: AskedBefore, max: number): Promise<readonly DueCheckpoint[]>;
  /**
   * Keeps cosignatures and the standing. Of one key and one checkpoint the first line stays. A refusal ends
   * with a cosignature of a checkpoint at least as large as the one refused. Durable when this resolves.
   */
  add(witness: string, cosignatures: readonly NewCosignature[]): Promise<void>;
  /** The witness refused the checkpoint as inconsistent. Durable when this resolves. */
  refuse(witness: string, ledgerNo: number, size: number, message: string, at: number): Promise<void>;
  /** The witness could not be asked, or its answer was of no use. */
  trouble(witness: string, ledgerNo: number, message: string, at: number): Promise<void>;
  /** How it stands with each witness that was ever asked about the ledger. */
  standings(ledgerNo: number): Promise<readonly WitnessStanding[]>;
}

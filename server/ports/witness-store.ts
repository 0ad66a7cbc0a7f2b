/** The latest checkpoint of a foreign log that this appliance cosigned as a witness. */
export interface WitnessedCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** base64. */
  readonly root: string;
  /** The note with the log's signature and this witness's cosignatures. */
  readonly note: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** What a witness remembers (C2SP tlog-witness). Errors of all: STORAGE_UNAVAILABLE. */
export interface WitnessStore {
  latest(origin: string): Promise<WitnessedCheckpoint | null>;
  /**
   * Replaces the latest checkpoint of its origin where that has still the size `from` (0: there is none).
   * Durable when this resolves: a cosignature leaves the appliance only after it.
   *
   * @returns `false`, and nothing is written, where someone else was faster, or the new one is smaller, or
   *   has the same size and another root
   */
  advance(from: number, to: WitnessedCheckpoint): Promise<boolean>;
}

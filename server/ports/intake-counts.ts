/** What became of the events of one ledger that were ever accepted, as of one moment. */
export interface CountedIntake {
  /** Records of the ledger. */
  readonly recorded: number;
  /** Events that could not be recorded and are in quarantine, or were discarded from it. */
  readonly quarantined: number;
  /** Of these: discarded. */
  readonly discarded: number;
  /** Events in the queue, those included that are being recorded now or were put back by a replay. */
  readonly waiting: number;
  /**
   * When the oldest of those that wait came into the queue, ms since the epoch; `null` where none waits.
   */
  readonly waitingSince: number | null;
}

/** Tells the id of the event in a line of the queue; `null` where the line cannot be read. */
export type QueuedEventId = (line: string) => string | null;

/**
 * The counts, where a batch that failed before is recorded event by event: of its events those that are
 * records wait no longer, though the batch is in the queue until it is done with.
 *
 * @param counted with all events of the batches as waiting
 * @param recorded how many of those are records already
 */
export function withoutRecorded(counted: CountedIntake, recorded: number): CountedIntake {
  const waiting = counted.waiting - recorded;
  return { ...counted, waiting, waitingSince: waiting === 0 ? null : counted.waitingSince };
}

/** Counts what went through the intake. Errors of all: STORAGE_UNAVAILABLE. */
export interface IntakeCounts {
  /**
   * All numbers of one snapshot of the database: every event that was accepted until then is in exactly one
   * of `recorded`, `quarantined` and `waiting`.
   */
  count(ledgerNo: number): Promise<CountedIntake>;
  /**
   * When the records of these indexes were recorded, ms since the epoch, in the order of `indexes`. Each of
   * them must be there. Cheap: whatever else a record holds is not read.
   */
  recordedAt(ledgerNo: number, indexes: readonly number[]): Promise<readonly number[]>;
}

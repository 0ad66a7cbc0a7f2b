/** Events of one ledger that were queued together and are recorded together. */
export interface Batch {
  readonly id: string;
  readonly ledger: string;
  /** How often the batch was taken, this time included. */
  readonly attempts: number;
  /** Lines as encoded by `server/events/queued-event`, joined by `\n`. */
  readonly payload: string;
  readonly eventCount: number;
  /**
   * Where a queue gives out what was queued in small pieces as one batch: the pieces, in their order. Whoever
   * queued a piece knows it by its id.
   */
  readonly pieces?: readonly { readonly id: string; readonly eventCount: number }[];
}

export interface QueueDepth {
  readonly batches: number;
  readonly events: number;
  /** When the oldest waiting batch was queued, ms since the epoch; `null` when nothing waits. */
  readonly oldestAt: number | null;
}

/** The worker's side of the queue. A batch leaves the queue only through `LedgerStore.append`. */
export interface JobQueue {
  /**
   * Leases up to `max` batches, at most one a ledger, each the oldest of its ledger. Small ones that follow
   * it may come with it, as one of at most BATCH_EVENTS_MAX events.
   *
   * Order: a ledger whose oldest batch is leased or waits for a retry gives nothing, so one ledger stays in
   * order. Fairness: ledgers take turns; a long queue in one does not hold up the others.
   * Crash: a lease dies with its process; the batch is given out again then. Nothing is lost either way.
   * On Postgres a lease is a transaction of its own that `append` or `retry` commits, so that nothing can be
   * kept of a batch that is still in the queue; it ends by itself with its connection.
   */
  take(max: number): Promise<readonly Batch[]>;

  /**
   * Gives a batch back untried: it can be taken again at once. Never rejects; in an outage a lease ends
   * anyway.
   */
  release(batch: Batch): Promise<void>;

  /**
   * Gives a batch back that failed; it is not given out before `at` (ms since the epoch), which is at most
   * RETRY_WAIT_MAX_MS away: one further away shows that the clock was put back, and is due. Keeps the reason.
   */
  retry(batch: Batch, at: number, reason: string): Promise<void>;

  /** When the next batch that waits for a retry is due, ms since the epoch; `null` when none waits. */
  nextDueAt(): Promise<number | null>;

  depth(): Promise<QueueDepth>;
}

/** Longest that a batch waits for a retry. */
export const RETRY_WAIT_MAX_MS = 60_000;

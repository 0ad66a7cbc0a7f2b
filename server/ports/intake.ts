import type { Hash } from '#server/ledger/hash.ts';

/**
 * One event that passed the door: validated, with its id, and encoded as one line
 * (`server/events/queued-event`).
 */
export interface SubmittedEvent {
  readonly eventId: string;
  /**
   * SHA-256 of the event as sent, before variable defaults: decides between DUPLICATE and EVENT_ID_CONFLICT.
   */
  readonly digest: Hash;
  readonly line: string;
}

/** Events of one ledger that were sent together, at most `BATCH_EVENTS_MAX` of them. */
export interface Submission {
  readonly ledger: string;
  readonly events: readonly SubmittedEvent[];
  /** Whether the caller wants to hear when each event is recorded. */
  readonly settle: boolean;
}

/** What the intake decided on one event. */
export type Admission =
  | { readonly outcome: 'ACCEPTED' }
  /** The same id with the same digest is recorded (`index`) or waits in the queue (`null`). */
  | { readonly outcome: 'DUPLICATE'; readonly index: number | null }
  /** The same id with another digest is recorded or waits in the queue. */
  | { readonly outcome: 'CONFLICT' };

/** Where an accepted or duplicate event ended up. */
export type Settlement =
  | { readonly state: 'RECORDED'; readonly index: number }
  | { readonly state: 'QUARANTINED' }
  /** The event was not admitted (CONFLICT), so there is nothing to wait for. */
  | { readonly state: 'NONE' };

export interface Acceptance {
  /** One per event, in the order sent. */
  readonly admissions: readonly Admission[];
  /**
   * One per event, in the order sent, once all of them are recorded or quarantined; `null` when `settle` was
   * false. It may take as long as the queue takes: the caller sets its own limit. It rejects only when the
   * process stops.
   */
  readonly settled: Promise<readonly Settlement[]> | null;
}

/** Where accepted events become durable. */
export interface Intake {
  /**
   * Puts the submission's new events into the queue, whole or not at all.
   *
   * Durability: when this resolves, every ACCEPTED event survives `kill -9` and a power cut.
   * Idempotence: an id that is known in its ledger, recorded or waiting, is never queued again, for ever.
   * Concurrency: any number of callers; of two that send one id at the same time exactly one gets ACCEPTED.
   * Order: events of one submission keep their order; submissions of one caller keep theirs if it awaits
   * each. Errors: LEDGER_NOT_FOUND, QUEUE_FULL, STORAGE_UNAVAILABLE, APPLIANCE_READ_ONLY. After an error the
   * caller may send again; what was kept in spite of the error answers DUPLICATE then.
   */
  accept(submission: Submission): Promise<Acceptance>;
}

/** Most events in one submission, and in one batch of the queue. */
export const BATCH_EVENTS_MAX = 1000;

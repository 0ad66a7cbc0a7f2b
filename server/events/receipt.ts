import { boundErrors, type EventError } from './event-error.ts';

/** How far an event must have come before the sender gets its receipt. */
export type AckLevel = 'QUEUED' | 'RECORDED' | 'CHECKPOINTED';

/**
 * What a sender gets back for one event, in the order sent.
 *
 * ACCEPTED: the event is durable. DUPLICATE: the same event was accepted before. REJECTED: nothing of it was
 * kept; `errors` says why. An accepted event may have errors too: RECORD_PENDING and EVENT_QUARANTINED.
 */
export interface Receipt {
  /** 0-based place of the event in what was sent. */
  readonly position: number;
  /** `null` where the event was rejected without a usable id. */
  readonly eventId: string | null;
  readonly outcome: 'ACCEPTED' | 'DUPLICATE' | 'REJECTED';
  readonly errors: readonly EventError[];
  /** The ledger that the event went to; `null` for a rejected event. */
  readonly ledger: string | null;
  /** The record's index in that ledger, where it is known. */
  readonly index: number | null;
}

/** The receipt of an event of which nothing was kept. */
export function rejection(position: number, eventId: string | null, errors: readonly EventError[]): Receipt {
  return { position, eventId, outcome: 'REJECTED', errors: boundErrors(errors), ledger: null, index: null };
}

/** Counts of a list of receipts: `accepted + duplicates + rejected` is the number of events sent. */
export function countReceipts(receipts: readonly Receipt[]): {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
} {
  let accepted = 0;
  let duplicates = 0;
  for (const { outcome } of receipts) {
    if (outcome === 'ACCEPTED') accepted += 1;
    else if (outcome === 'DUPLICATE') duplicates += 1;
  }
  return { accepted, duplicates, rejected: receipts.length - accepted - duplicates };
}

import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { NewId } from '#server/id.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { BATCH_EVENTS_MAX, type Intake } from '#server/ports/intake.ts';
import { ACK_WAIT_MS, NAME_CHARACTERS_MAX } from './limits.ts';
import { type AckLevel, type Receipt, rejection } from './receipt.ts';
import { type PlacedEvent, type SubmitDeps, submit } from './submit.ts';
import { type EventCaller, type EventDefaults, eventDefaults, validateEvent } from './validate.ts';

export interface AcceptDeps {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly sha256: Sha256;
  readonly checkpointed: SubmitDeps['checkpointed'];
  /** ACK_WAIT_MS where it is not given. */
  readonly ackWaitMs?: number;
  /** Whether the events are the appliance's own: nobody else may write to the ledger `system`. */
  readonly isAppliance?: boolean;
}

export interface AcceptRequest {
  readonly ledger: string;
  /** Events of the appliance's own shape, at most BATCH_EVENTS_MAX. */
  readonly events: readonly unknown[];
  readonly ack: AckLevel;
  readonly caller: EventCaller;
  /**
   * Whether the caller may write to a ledger. One it may not write to answers like one that does not exist.
   */
  readonly mayWrite: (ledger: string) => boolean;
}

/**
 * Takes events of one ledger in: checks each, queues the good ones together and gives a receipt for every
 * one, in the order sent. When it resolves, every ACCEPTED event is durable.
 *
 * @throws AppError BATCH_TOO_LARGE, and as `Intake.accept`: then nothing of the request was kept.
 */
export type Accept = (request: AcceptRequest) => Promise<readonly Receipt[]>;

export function createAccept(deps: AcceptDeps): Accept {
  const submitDeps = submitDepsOf(deps);
  return async ({ ledger, events, ack, caller, mayWrite }) => {
    if (events.length > BATCH_EVENTS_MAX) {
      const message = `${events.length} events were sent; the limit is ${BATCH_EVENTS_MAX}.`;
      throw new AppError('BATCH_TOO_LARGE', { message, path: ['events'] });
    }
    const defaults = defaultsOf(deps, caller);
    const receipts = new Map<number, Receipt>();
    const good: PlacedEvent[] = [];
    for (const [position, sent] of events.entries()) {
      const { event, errors } = validateEvent(sent, defaults);
      if (event) good.push({ position, event });
      else receipts.set(position, rejection(position, sentId(sent), errors));
    }
    // Crash up to here: nothing was kept, and the sender got no answer. After it: every ACCEPTED event
    // survives.
    const { settled } = await submit(submitDeps, ledger, mayWrite(ledger), good, ack);
    for (const receipt of await settled()) receipts.set(receipt.position, receipt);
    return inOrder(receipts);
  };
}

/** The id that a rejected event was sent with, so that its sender can tell which one it was. */
export function sentId(event: unknown): string | null {
  const id = typeof event === 'object' && event !== null && 'id' in event ? event.id : null;
  return typeof id === 'string' && id !== '' && id.length <= NAME_CHARACTERS_MAX && id.isWellFormed()
    ? id
    : null;
}

/** What `submit` needs of what `createAccept` is given. */
export function submitDepsOf(deps: AcceptDeps): SubmitDeps {
  const { intake, checkpointed, ackWaitMs = ACK_WAIT_MS, isAppliance = false } = deps;
  return { intake, checkpointed, ackWaitMs, isAppliance };
}

/** Defaults for the events of one request: they share one time. */
export function defaultsOf({ clock, newId, sha256 }: AcceptDeps, caller: EventCaller): EventDefaults {
  return eventDefaults(caller, clock(), newId, sha256);
}

/** Receipts by position, as the list that the sender gets. */
export function inOrder(receipts: ReadonlyMap<number, Receipt>): readonly Receipt[] {
  return [...receipts.values()].sort((left, right) => left.position - right.position);
}

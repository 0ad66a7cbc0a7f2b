import { AppError } from '#server/errors.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { BATCH_EVENTS_MAX, type SubmittedEvent } from '#server/ports/intake.ts';
import { type AcceptDeps, defaultsOf, inOrder, sentId, submitDepsOf } from './accept.ts';
import { type EventError, failureOf } from './event-error.ts';
import { type AckLevel, type Receipt, rejection } from './receipt.ts';
import { asSent, readShape } from './shapes.ts';
import { type PlacedEvent, submit, type SubmitDeps } from './submit.ts';
import { type EventCaller, type EventDefaults, validateEvent } from './validate.ts';

/** One event as a REST body holds it: parsed, or text that is no JSON and why. */
export type ReceivedEvent = { readonly value: JsonValue } | { readonly problem: string };

export interface AcceptManyRequest {
  /** The ledger that the request names; `null` if it names none. */
  readonly ledger: string | null;
  /** The ledger for events that name none where the request names none either. */
  readonly defaultLedger: string;
  /** Events of any known shape, any number of them. */
  readonly events: readonly ReceivedEvent[];
  readonly ack: AckLevel;
  readonly caller: EventCaller;
  /** As in `AcceptRequest`. */
  readonly mayWrite: (ledger: string) => boolean;
}

/**
 * Takes events in that may be of several shapes and go to several ledgers, and gives a receipt for every one,
 * in the order sent. Events of one ledger keep their order and are queued in submissions of BATCH_EVENTS_MAX
 * at most.
 *
 * Submissions stand for themselves: where one fails after another was kept, its events are REJECTED with the
 * failure's code and may be sent again. An event that names a ledger which is not there is REJECTED as well.
 *
 * @throws AppError as `Intake.accept` where nothing of the request was kept.
 */
export type AcceptMany = (request: AcceptManyRequest) => Promise<readonly Receipt[]>;

/** Receipts for events of which nothing was kept, since the appliance failed. */
export type RejectMany = (events: readonly ReceivedEvent[], error: AppError) => readonly Receipt[];

export const rejectMany: RejectMany = (events, error) =>
  events.map((event, position) => {
    const id = 'value' in event ? sentId(event.value) : null;
    return rejection(position, id, [failureOf(error)]);
  });

export function createAcceptMany(deps: AcceptDeps): AcceptMany {
  const submitDeps = submitDepsOf(deps);
  return async (request) => {
    const { receipts, queues } = sortByLedger(request, defaultsOf(deps, request.caller));
    const sent = await Promise.all(queues.map((queue) => submitInOrder(submitDeps, request, queue)));
    const failures = sent.flatMap(({ failure }) => failure ?? []);
    const isKept = sent.some(({ waits }) => waits.length > 0);
    const failed = failures.find(({ isEventsOwn }) => !isEventsOwn);
    if (failed && !isKept) throw failed.error;
    for (const failure of failures) {
      for (const { position, event } of failure.events) {
        const error = failureOf(failure.error, failure.isEventsOwn ? ['organizationId'] : []);
        receipts.set(position, rejection(position, event.eventId, [error]));
      }
    }
    for (const settled of await Promise.all(sent.flatMap(({ waits }) => waits.map((wait) => wait())))) {
      for (const receipt of settled) receipts.set(receipt.position, receipt);
    }
    return inOrder(receipts);
  };
}

/** The valid events that go to one ledger, in the order sent. */
interface LedgerQueue {
  readonly ledger: string;
  readonly events: PlacedEvent[];
  /** Whether every one of them named the ledger itself. */
  isNamedByEvents: boolean;
}

interface SortedEvents {
  /** Rejections so far, by position. */
  readonly receipts: Map<number, Receipt>;
  readonly queues: readonly LedgerQueue[];
}

function sortByLedger(request: AcceptManyRequest, defaults: EventDefaults): SortedEvents {
  const receipts = new Map<number, Receipt>();
  const queues = new Map<string, LedgerQueue>();
  for (const [position, received] of request.events.entries()) {
    const read = readReceived(request, received, defaults);
    if ('errors' in read) {
      receipts.set(position, rejection(position, read.id, read.errors));
      continue;
    }
    const { ledger, event, isNamed } = read;
    let queue = queues.get(ledger);
    if (!queue) queues.set(ledger, (queue = { ledger, events: [], isNamedByEvents: true }));
    queue.events.push({ position, event });
    queue.isNamedByEvents &&= isNamed;
  }
  return { receipts, queues: [...queues.values()] };
}

type ReadEvent =
  | { readonly ledger: string; readonly isNamed: boolean; readonly event: SubmittedEvent }
  | { readonly id: string | null; readonly errors: readonly EventError[] };

function readReceived(
  request: AcceptManyRequest,
  received: ReceivedEvent,
  defaults: EventDefaults,
): ReadEvent {
  if ('problem' in received) {
    return { id: null, errors: [{ path: [], code: 'JSON_INVALID', message: received.problem }] };
  }
  const id = sentId(received.value);
  const shaped = readShape(received.value);
  if (shaped.errors) return { id, errors: shaped.errors };
  const named = shaped.ledger;
  if (named !== null && request.ledger !== null && named !== request.ledger) {
    const message = 'organizationId names another ledger than the request.';
    return { id, errors: [{ path: ['organizationId'], code: 'LEDGER_MISMATCH', message }] };
  }
  const { event, errors } = validateEvent(shaped.event, defaults);
  if (errors) return { id, errors: asSent(errors, shaped.sentAt) };
  const isNamed = named !== null && request.ledger === null;
  return { ledger: named ?? request.ledger ?? request.defaultLedger, isNamed, event };
}

interface Failure {
  readonly error: AppError;
  readonly events: readonly PlacedEvent[];
  /** The events named a ledger that they cannot go to: their own mistake, which must not fail others. */
  readonly isEventsOwn: boolean;
}

interface Sent {
  readonly waits: readonly (() => Promise<readonly Receipt[]>)[];
  readonly failure: Failure | null;
}

/** What is wrong with the ledger that an event names. */
const LEDGER_ERRORS: ReadonlySet<string> = new Set(['LEDGER_NOT_FOUND', 'LEDGER_RESERVED']);

/** Stops at the first failure, so that no event of a ledger overtakes an earlier one. */
async function submitInOrder(
  deps: SubmitDeps,
  request: AcceptManyRequest,
  queue: LedgerQueue,
): Promise<Sent> {
  const { ledger, events, isNamedByEvents } = queue;
  const waits: (() => Promise<readonly Receipt[]>)[] = [];
  for (let from = 0; from < events.length; from += BATCH_EVENTS_MAX) {
    const part = events.slice(from, from + BATCH_EVENTS_MAX);
    try {
      // Crash after this: the parts so far are durable. Sent again with their ids, they are duplicates.
      const { settled } = await submit(deps, ledger, request.mayWrite(ledger), part, request.ack);
      waits.push(settled);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const isEventsOwn = isNamedByEvents && LEDGER_ERRORS.has(error.code);
      return { waits, failure: { error, events: events.slice(from), isEventsOwn } };
    }
  }
  return { waits, failure: null };
}

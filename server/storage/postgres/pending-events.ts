import type { AppError } from '#server/errors.ts';
import type { Settlement, Submission } from '#server/ports/intake.ts';

/** Someone of this process who waits until the events of one submission have ended. */
export interface Wait {
  readonly ledger: string;
  readonly settled: Promise<readonly Settlement[]>;
}

/** What the intake found about an event that someone waits for. */
export type Fate = Settlement | { readonly state: 'QUEUED' } | { readonly state: 'QUEUED_BEFORE' };

/** A batch that this process queued and in which are events that someone here waits for. */
export interface AwaitedBatch {
  readonly id: string;
  readonly ledger: string;
  /** In the order of its lines. */
  readonly eventIds: readonly string[];
  readonly waits: readonly Wait[];
}

/**
 * Who waits in this process for events to be recorded. Only that: which events wait in the queue is known to
 * the database alone, because other processes put events into it as well.
 */
export interface PendingEvents {
  /**
   * Begins to wait for all events of the submission; before they are queued, so that nothing is missed that
   * is told meanwhile.
   */
  expect(submission: Submission): Wait;
  /** Says what became of each event, once the submission is committed. No wait ends before. */
  decide(wait: Wait, fates: readonly Fate[]): void;
  /** Ends a wait whose submission was not kept. Nobody hears of it. */
  drop(wait: Wait): void;
  /** A batch is about to be committed. */
  queued(batch: AwaitedBatch): void;
  /** It was not. */
  unqueued(batchId: string): void;
  batch(batchId: string): AwaitedBatch | undefined;
  settle(ledger: string, settlements: Iterable<readonly [string, Settlement]>): void;
  /** Of these events those that someone still waits for. */
  stillAwaited(ledger: string, eventIds: readonly string[]): readonly string[];
  /** Events of the ledger that someone waits for and that were queued before, perhaps by another process. */
  queuedBefore(ledger: string): readonly string[];
  /** Events that someone waits for since before the last call, by ledger; forgets batches nobody waits for. */
  overdue(): ReadonlyMap<string, readonly string[]>;
  /** Ends all waits with an error. */
  stop(error: AppError): void;
}

interface OpenWait extends Wait {
  readonly eventIds: readonly string[];
  readonly settlements: Settlement[];
  /** Events that have not ended, and one until it is known what became of the submission. */
  open: number;
  /** How often `overdue` had been asked when it began. */
  readonly round: number;
  readonly resolve: (settlements: readonly Settlement[]) => void;
  readonly reject: (error: AppError) => void;
}

/** One event in one wait; the waits of one event are chained. No promise or closure an event: there are many. */
interface Place {
  readonly wait: OpenWait;
  readonly at: number;
  queuedBefore: boolean;
  readonly next: Place | null;
}

type Places = Map<string, Map<string, Place>>;

export function createPendingEvents(): PendingEvents {
  const places: Places = new Map();
  const waits = new Set<OpenWait>();
  const batches = new Map<string, AwaitedBatch>();
  let round = 0;

  const opened = (wait: Wait): OpenWait | null => {
    const open = wait as OpenWait;
    return waits.has(open) ? open : null;
  };
  const end = (wait: OpenWait, at: number, settlement: Settlement): void => {
    if (wait.settlements[at] === undefined) wait.open -= 1;
    wait.settlements[at] = settlement;
    if (wait.open > 0) return;
    waits.delete(wait);
    wait.resolve(wait.settlements);
  };

  return {
    expect({ ledger, events }) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Settlement[]>();
      // The caller may have given up when the process stops.
      promise.catch(() => undefined);
      const eventIds = events.map(({ eventId }) => eventId);
      const settlements: Settlement[] = new Array(eventIds.length);
      const open = eventIds.length + 1;
      const wait: OpenWait = {
        ledger,
        eventIds,
        settled: promise,
        settlements,
        open,
        round,
        resolve,
        reject,
      };
      waits.add(wait);
      addPlaces(places, wait);
      return wait;
    },
    decide(decided, fates) {
      const wait = opened(decided);
      if (!wait) return;
      for (const [at, fate] of fates.entries()) {
        if (fate.state === 'QUEUED') continue;
        if (fate.state === 'QUEUED_BEFORE') {
          markQueuedBefore(places, wait, at);
          continue;
        }
        if (wait.settlements[at] === undefined) removePlace(places, wait, at);
        end(wait, at, fate);
      }
      wait.open -= 1;
      if (wait.open > 0) return;
      waits.delete(wait);
      wait.resolve(wait.settlements);
    },
    drop(dropped) {
      const wait = opened(dropped);
      if (!wait) return;
      waits.delete(wait);
      for (const at of wait.eventIds.keys()) removePlace(places, wait, at);
    },
    queued(batch) {
      batches.set(batch.id, batch);
    },
    unqueued(batchId) {
      batches.delete(batchId);
    },
    batch: (batchId) => batches.get(batchId),
    settle(ledger, settlements) {
      const ofLedger = places.get(ledger);
      if (!ofLedger) return;
      for (const [eventId, settlement] of settlements) {
        const first = ofLedger.get(eventId);
        if (!first) continue;
        ofLedger.delete(eventId);
        for (let place: Place | null = first; place; place = place.next)
          end(place.wait, place.at, settlement);
      }
      if (ofLedger.size === 0) places.delete(ledger);
    },
    stillAwaited: (ledger, eventIds) => eventIds.filter((eventId) => places.get(ledger)?.has(eventId)),
    queuedBefore: (ledger) => select(places.get(ledger), (place) => place.queuedBefore),
    overdue() {
      for (const [id, batch] of batches) if (!batch.waits.some(opened)) batches.delete(id);
      const before = round;
      round += 1;
      const found = new Map<string, readonly string[]>();
      for (const [ledger, ofLedger] of places) {
        const eventIds = select(ofLedger, ({ wait }) => wait.round < before);
        if (eventIds.length > 0) found.set(ledger, eventIds);
      }
      return found;
    },
    stop(error) {
      for (const wait of waits) wait.reject(error);
      for (const kept of [waits, places, batches]) kept.clear();
    },
  };
}

function addPlaces(places: Places, wait: OpenWait): void {
  if (wait.eventIds.length === 0) return;
  let ofLedger = places.get(wait.ledger);
  if (!ofLedger) places.set(wait.ledger, (ofLedger = new Map()));
  for (const [at, eventId] of wait.eventIds.entries()) {
    ofLedger.set(eventId, { wait, at, queuedBefore: false, next: ofLedger.get(eventId) ?? null });
  }
}

function removePlace(places: Places, wait: OpenWait, at: number): void {
  const ofLedger = places.get(wait.ledger);
  const eventId = wait.eventIds[at]!;
  const left = without(ofLedger?.get(eventId) ?? null, wait, at);
  if (left) ofLedger?.set(eventId, left);
  else ofLedger?.delete(eventId);
  if (ofLedger?.size === 0) places.delete(wait.ledger);
}

function without(place: Place | null, wait: OpenWait, at: number): Place | null {
  if (!place) return null;
  if (place.wait === wait && place.at === at) return place.next;
  return { ...place, next: without(place.next, wait, at) };
}

function markQueuedBefore(places: Places, wait: OpenWait, at: number): void {
  let place = places.get(wait.ledger)?.get(wait.eventIds[at]!) ?? null;
  while (place && !(place.wait === wait && place.at === at)) place = place.next;
  if (place) place.queuedBefore = true;
}

/** The events of a ledger of which some wait is as asked for. */
function select(ofLedger: Map<string, Place> | undefined, is: (place: Place) => boolean): readonly string[] {
  const eventIds: string[] = [];
  for (const [eventId, first] of ofLedger ?? []) {
    for (let place: Place | null = first; place; place = place.next) {
      if (!is(place)) continue;
      eventIds.push(eventId);
      break;
    }
  }
  return eventIds;
}

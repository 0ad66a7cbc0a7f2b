import type { AppError } from '#server/errors.ts';
import type { Settlement, Submission } from '#server/ports/intake.ts';
import { createWaitPlaces, type WaitPlace } from './wait-places.ts';

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
  /** Events waited for since before the last call, by ledger; forgets batches that nobody waits for. */
  overdue(): ReadonlyMap<string, readonly string[]>;
  /** Ends all waits with an error. */
  stop(error: AppError): void;
}

interface OpenWait extends Wait {
  readonly places: WaitPlace<OpenWait>[];
  readonly settlements: Settlement[];
  /** Events that have not ended, and one until it is known what became of the submission. */
  open: number;
  /** How often `overdue` had been asked when it began. */
  readonly round: number;
  readonly resolve: (settlements: readonly Settlement[]) => void;
  readonly reject: (error: AppError) => void;
}

export function createPendingEvents(): PendingEvents {
  const places = createWaitPlaces<OpenWait>();
  const waits = new Set<OpenWait>();
  const batches = new Map<string, AwaitedBatch>();
  let round = 0;

  const opened = (wait: Wait): OpenWait | null => {
    const open = wait as OpenWait;
    return waits.has(open) ? open : null;
  };
  const endOne = (wait: OpenWait): void => {
    wait.open -= 1;
    if (wait.open > 0) return;
    waits.delete(wait);
    wait.resolve(wait.settlements);
  };
  const end = (wait: OpenWait, at: number, settlement: Settlement): void => {
    const isNew = wait.settlements[at] === undefined;
    wait.settlements[at] = settlement;
    if (isNew) endOne(wait);
  };

  return {
    expect({ ledger, events }) {
      const wait = openWait(ledger, events.length, round);
      waits.add(wait);
      for (const { eventId } of events) wait.places.push(places.add(wait, wait.places.length, eventId));
      return wait;
    },
    decide(decided, fates) {
      const wait = opened(decided);
      if (!wait) return;
      for (const [at, fate] of fates.entries()) {
        const place = wait.places[at]!;
        if (fate.state === 'QUEUED_BEFORE') place.queuedBefore = true;
        if (fate.state === 'QUEUED' || fate.state === 'QUEUED_BEFORE') continue;
        // It may have ended before this was known: what was found in the database counts.
        places.leave(place);
        end(wait, at, fate);
      }
      endOne(wait);
    },
    drop(dropped) {
      const wait = opened(dropped);
      if (!wait) return;
      waits.delete(wait);
      for (const place of wait.places) places.leave(place);
    },
    queued: (batch) => void batches.set(batch.id, batch),
    unqueued: (batchId) => void batches.delete(batchId),
    batch: (batchId) => batches.get(batchId),
    settle(ledger, settlements) {
      for (const [eventId, settlement] of settlements) {
        places.takeAll(ledger, eventId, ({ wait, at }) => end(wait, at, settlement));
      }
    },
    stillAwaited: (ledger, eventIds) => eventIds.filter((eventId) => places.has(ledger, eventId)),
    queuedBefore: (ledger) => places.select(ledger, (place) => place.queuedBefore),
    overdue() {
      for (const [id, batch] of batches) if (!batch.waits.some(opened)) batches.delete(id);
      const before = round++;
      return places.selectAll(({ wait }) => wait.round < before);
    },
    stop(error) {
      for (const wait of waits) wait.reject(error);
      for (const kept of [waits, places, batches]) kept.clear();
    },
  };
}

function openWait(ledger: string, events: number, round: number): OpenWait {
  const { promise: settled, resolve, reject } = Promise.withResolvers<readonly Settlement[]>();
  // The caller may have given up when the process stops.
  settled.catch(() => undefined);
  const settlements = new Array<Settlement>(events);
  return { ledger, settled, places: [], settlements, open: events + 1, round, resolve, reject };
}

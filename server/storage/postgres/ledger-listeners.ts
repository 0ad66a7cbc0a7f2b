import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { StartTimer } from '#server/worker/timer.ts';

/** How far a ledger has come, as committed. */
export interface LedgerSizes {
  readonly ledger: string;
  readonly size: number;
  /** Size of its latest checkpoint; −1 where it has none. */
  readonly checkpointSize: number;
}

export interface LedgerListeners extends LedgerEvents {
  /** News of growth; the size decides whether it is news, `null` always is. */
  grown(ledger: string, size: number | null): void;
  /** News of a checkpoint. */
  checkpointed(ledger: string): void;
  /** Wakes everybody: news may have been missed. */
  wakeAll(): void;
  /** Ends the poll; resolves when a look that is under way is done. */
  stop(): Promise<void>;
}

export interface LedgerListenersOptions {
  readonly pollMs: number;
  readonly startTimer: StartTimer;
  /** Looks up where these ledgers stand. */
  readonly readSizes: (ledgers: readonly string[]) => Promise<readonly LedgerSizes[]>;
  readonly onError: (error: unknown) => void;
}

/** Who listens to one ledger, and what they have been woken for already. */
interface Listened {
  readonly growth: Set<() => void>;
  readonly checkpoint: Set<() => void>;
  /** `null` before anybody has looked: a listener may have come after the last news. */
  size: number | null;
  checkpointSize: number | null;
}

/**
 * Who wants to be woken for which ledger. As long as anybody listens it also looks at all those ledgers with
 * one query, again and again, and wakes the listeners of those that have come further than they were told.
 */
export function createLedgerListeners(options: LedgerListenersOptions): LedgerListeners {
  const { pollMs, startTimer, readSizes, onError } = options;
  const listened = new Map<string, Listened>();
  let cancel: (() => void) | null = null;
  let looking: Promise<void> | null = null;
  let stopped = false;

  const look = async (): Promise<void> => {
    try {
      for (const sizes of await readSizes([...listened.keys()])) compare(listened.get(sizes.ledger), sizes);
    } catch (error) {
      // An outage: the next look tells what was missed.
      onError(error);
    }
  };
  const plan = (): void => {
    if (stopped || cancel !== null || looking !== null || listened.size === 0) return;
    cancel = startTimer(pollMs, () => {
      cancel = null;
      looking = look().finally(() => {
        looking = null;
        plan();
      });
    });
  };
  const listen = (ledger: string, kind: 'growth' | 'checkpoint', wake: () => void): (() => void) => {
    const ofLedger = listened.get(ledger) ?? newListened();
    listened.set(ledger, ofLedger);
    ofLedger[kind].add(wake);
    plan();
    return () => {
      ofLedger[kind].delete(wake);
      if (ofLedger.growth.size + ofLedger.checkpoint.size > 0) return;
      if (listened.get(ledger) === ofLedger) listened.delete(ledger);
      if (listened.size > 0) return;
      cancel?.();
      cancel = null;
    };
  };

  return {
    onGrowth: (ledger, wake) => listen(ledger, 'growth', wake),
    onCheckpoint: (ledger, wake) => listen(ledger, 'checkpoint', wake),
    grown(ledger, size) {
      const ofLedger = listened.get(ledger);
      if (ofLedger === undefined) return;
      if (size === null) wakeEach(ofLedger.growth);
      else compare(ofLedger, { ledger, size, checkpointSize: ofLedger.checkpointSize ?? -1 }, 'growth');
    },
    checkpointed: (ledger) => wakeEach(listened.get(ledger)?.checkpoint ?? []),
    wakeAll() {
      for (const { growth, checkpoint } of listened.values()) {
        wakeEach(growth);
        wakeEach(checkpoint);
      }
    },
    async stop() {
      stopped = true;
      cancel?.();
      cancel = null;
      await looking;
    },
  };
}

function newListened(): Listened {
  return { growth: new Set(), checkpoint: new Set(), size: null, checkpointSize: null };
}

/** Wakes those for whom the sizes are news. */
function compare(
  ofLedger: Listened | undefined,
  { size, checkpointSize }: LedgerSizes,
  only?: 'growth',
): void {
  if (ofLedger === undefined) return;
  if (ofLedger.size === null || size > ofLedger.size) {
    ofLedger.size = size;
    wakeEach(ofLedger.growth);
  }
  if (only === 'growth') return;
  if (ofLedger.checkpointSize === null || checkpointSize > ofLedger.checkpointSize) {
    ofLedger.checkpointSize = checkpointSize;
    wakeEach(ofLedger.checkpoint);
  }
}

/** A copy is walked: a callback may end its own listening, or begin another. */
function wakeEach(callbacks: Iterable<() => void>): void {
  for (const wake of Array.from(callbacks)) wake();
}

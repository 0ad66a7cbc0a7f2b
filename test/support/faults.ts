import { AppError } from '#server/errors.ts';
import type { StorageUnderTest } from './storage-under-test.ts';

/** What happens to one call of the storage. */
export type Fault =
  | 'NONE'
  /** An error before anything is kept. */
  | 'FAILED'
  /** Everything is kept, and the caller is told STORAGE_UNAVAILABLE all the same. */
  | 'FAILED_BUT_PERSISTED'
  /** The process dies before anything is kept; nobody is told anything. */
  | 'KILLED_BEFORE'
  /** The process dies when everything is kept; nobody is told anything. */
  | 'KILLED_AFTER';

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws one of the faults for every call, or none with probability `1 - rate`. */
export function seededFaults(seed: number, faults: readonly Fault[], rate: number): () => Fault {
  const random = seededRandom(seed);
  return () => {
    const hit = random() < rate;
    const choice = Math.floor(random() * faults.length);
    return hit ? (faults[choice] ?? 'NONE') : 'NONE';
  };
}

export interface FaultyProcess {
  readonly storage: StorageUnderTest;
  /** Resolves when a fault killed the process: from then on nothing answers any more. */
  readonly died: Promise<void>;
}

const NEVER = new Promise<never>(() => undefined);

/** A process on a storage whose calls meet faults. `draw` is asked once for each call. */
export function withFaults(storage: StorageUnderTest, draw: () => Fault): FaultyProcess {
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  let dead = false;
  const kill = (): Promise<never> => {
    dead = true;
    die();
    return NEVER;
  };
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (dead) return NEVER;
    const fault = draw();
    if (fault === 'FAILED') throw new AppError('STORAGE_UNAVAILABLE', { message: 'Nothing was kept.' });
    if (fault === 'KILLED_BEFORE') return kill();
    const answer = await run().catch((error: unknown) => {
      if (dead) return NEVER;
      throw error;
    });
    if (dead) return NEVER;
    if (fault === 'FAILED_BUT_PERSISTED')
      throw new AppError('STORAGE_UNAVAILABLE', { message: 'All was kept.' });
    if (fault === 'KILLED_AFTER') return kill();
    return answer;
  };
  const { intake, queue, store, checkpoints } = storage;
  return {
    died,
    storage: {
      ...storage,
      intake: { accept: (submission) => call(() => intake.accept(submission)) },
      queue: {
        take: (max) => call(() => queue.take(max)),
        release: (batch) => call(() => queue.release(batch)),
        retry: (batch, at, reason) => call(() => queue.retry(batch, at, reason)),
        nextDueAt: () => call(() => queue.nextDueAt()),
        depth: () => call(() => queue.depth()),
      },
      store: {
        head: (ledger) => call(() => store.head(ledger)),
        known: (ledger, ids) => call(() => store.known(ledger, ids)),
        append: (append) => call(() => store.append(append)),
      },
      checkpoints: {
        latest: (ledger) => call(() => checkpoints.latest(ledger)),
        add: (ledger, checkpoint) => call(() => checkpoints.add(ledger, checkpoint)),
      },
    },
  };
}

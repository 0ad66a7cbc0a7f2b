import { AppError } from '#server/errors.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { createLedgerIndexer, type LedgerIndexDeps, type LedgerIndexer } from './index-ledger.ts';
import type { LedgerProgress } from './index-ledger.ts';
import { removeErased } from './remove-erased.ts';

/** An index that can be made anew as a whole, whatever state it is in. */
export interface ResettableStore extends SegmentStore {
  /** Errors: STORAGE_UNAVAILABLE. */
  reset?(): Promise<void>;
  /** Leaves nothing of what was removed where the index is kept. Errors: STORAGE_UNAVAILABLE. */
  scrub?(): Promise<void>;
}

export interface IndexTurnsDeps extends Omit<LedgerIndexDeps, 'isStopped'> {
  readonly store: ResettableStore;
  /** Called when there is something to do that nobody has told of. */
  readonly onDue: () => void;
}

/** What the index stage is told to make anew. */
export interface RebuildOrder {
  /** `null`: all. */
  readonly ledgerNo: number | null;
  readonly isDamaged: boolean;
}

/** What there is to do: orders first, then the ledgers that may have grown, in turn. */
export interface IndexTurns {
  /** The ledger may have grown; `null`: any. */
  add(ledgerNo: number | null): void;
  order(order: RebuildOrder): void;
  /**
   * Takes what was erased of records out of the index, between two steps: nobody builds a segment here
   * meanwhile. Errors: as `removeErased`; APPLIANCE_STOPPING.
   */
  erase(ledgerNo: number, indexes: readonly number[]): Promise<void>;
  /** Leaves nothing of what was removed. Errors: STORAGE_UNAVAILABLE, APPLIANCE_STOPPING. */
  scrub(): Promise<void>;
  /**
   * A step in each ledger that may have grown. Gives whether there may be more to do now.
   *
   * Errors: STORAGE_UNAVAILABLE, INDEX_DAMAGED; the next turn takes up what this one left.
   */
  turn(): Promise<boolean>;
  progress(): readonly LedgerProgress[];
  isStopped(): boolean;
  stop(): void;
}

export function createIndexTurns(deps: IndexTurnsDeps): IndexTurns {
  const grown = new Set<number>();
  const failed = new Set<number>();
  const orders: RebuildOrder[] = [];
  const errands = createErrands(deps.onDue);
  let mayAllHaveGrown = true;
  let isStopped = false;
  const indexers = createIndexers({ ...deps, isStopped: () => isStopped }, (ledgerNo) => {
    grown.add(ledgerNo);
    deps.onDue();
  });
  const step = async (ledgerNo: number): Promise<boolean> => {
    try {
      const hasMore = await indexers.get(ledgerNo).step();
      failed.delete(ledgerNo);
      return hasMore;
    } catch (error) {
      const code = error instanceof AppError ? error.code : null;
      if (code === 'INDEX_DAMAGED') orders.push({ ledgerNo, isDamaged: true });
      if (code === 'INDEX_DAMAGED' || code === 'STORAGE_UNAVAILABLE') {
        grown.add(ledgerNo);
        throw error;
      }
      // One ledger that cannot be read, or a fault of ours, must not keep the others waiting.
      if (!failed.has(ledgerNo)) {
        deps.log.error({ err: error, ledgerNo }, 'A ledger could not be indexed; it is tried again.');
      }
      failed.add(ledgerNo);
      return false;
    }
  };
  const beginAnew = (ledgerNo: number): void => {
    indexers.get(ledgerNo).forget();
    grown.add(ledgerNo);
  };

  return {
    add(ledgerNo) {
      if (ledgerNo === null) mayAllHaveGrown = true;
      else grown.add(ledgerNo);
    },
    order: (order) => void orders.push(order),
    ...createErasing(deps, errands, beginAnew),
    async turn() {
      await errands.run();
      await carryOutAll(deps, orders, beginAnew);
      if (mayAllHaveGrown) {
        for (const ledgerNo of await deps.source.ledgers()) grown.add(ledgerNo);
        mayAllHaveGrown = false;
      }
      const taken = [...grown];
      for (const ledgerNo of taken) {
        if (isStopped || orders.length > 0 || errands.wait()) break;
        // First: what comes meanwhile counts.
        grown.delete(ledgerNo);
        if (await step(ledgerNo)) grown.add(ledgerNo);
      }
      return grown.size > 0 || orders.length > 0 || errands.wait() || mayAllHaveGrown;
    },
    progress: () => indexers.all().map((indexer) => indexer.progress()),
    isStopped: () => isStopped,
    stop() {
      isStopped = true;
      errands.refuse();
      for (const indexer of indexers.all()) indexer.stop();
    },
  };
}

/** Carries out the orders one after the other; one that fails stays. */
async function carryOutAll(
  deps: IndexTurnsDeps,
  orders: RebuildOrder[],
  beginAnew: (ledgerNo: number) => void,
): Promise<void> {
  for (let order = orders[0]; order !== undefined; order = orders[0]) {
    for (const ledgerNo of await empty(deps, order)) beginAnew(ledgerNo);
    orders.splice(orders.indexOf(order), 1);
  }
}

/** What erasure asks of the index. */
function createErasing(
  deps: IndexTurnsDeps,
  errands: ReturnType<typeof createErrands>,
  onRemoved: (ledgerNo: number) => void,
): Pick<IndexTurns, 'erase' | 'scrub'> {
  return {
    erase: (ledgerNo, indexes) =>
      errands.add(async () => {
        if (await removeErased(deps, ledgerNo, indexes)) onRemoved(ledgerNo);
      }),
    scrub: () => errands.add(async () => await deps.store.scrub?.()),
  };
}

/** What is to be done between two steps, for somebody who waits for it. */
function createErrands(onDue: () => void) {
  const waiting: { readonly run: () => Promise<void>; readonly done: PromiseWithResolvers<void> }[] = [];
  let isRefusing = false;
  return {
    wait: () => waiting.length > 0,
    add(run: () => Promise<void>): Promise<void> {
      const done = Promise.withResolvers<void>();
      if (isRefusing) done.reject(new AppError('APPLIANCE_STOPPING'));
      else waiting.push({ run, done });
      onDue();
      return done.promise;
    },
    async run(): Promise<void> {
      for (let errand = waiting.shift(); errand !== undefined; errand = waiting.shift()) {
        // Whoever waits is told, and tries again.
        await errand.run().then(errand.done.resolve, errand.done.reject);
      }
    },
    refuse(): void {
      isRefusing = true;
      for (const { done } of waiting.splice(0)) done.reject(new AppError('APPLIANCE_STOPPING'));
    },
  };
}

/** One for each ledger that was asked for. */
function createIndexers(deps: LedgerIndexDeps, onDue: (ledgerNo: number) => void) {
  const indexers = new Map<number, LedgerIndexer>();
  return {
    get(ledgerNo: number): LedgerIndexer {
      const known = indexers.get(ledgerNo);
      if (known !== undefined) return known;
      const indexer = createLedgerIndexer(deps, ledgerNo, () => onDue(ledgerNo));
      indexers.set(ledgerNo, indexer);
      return indexer;
    },
    all: (): readonly LedgerIndexer[] => [...indexers.values()],
  };
}

/** Empties the index as ordered; gives the ledgers that are to be indexed anew. */
async function empty(
  { store, source }: IndexTurnsDeps,
  { ledgerNo, isDamaged }: RebuildOrder,
): Promise<readonly number[]> {
  const isWhole = store.reset !== undefined && (isDamaged || ledgerNo === null);
  const ledgers = isWhole || ledgerNo === null ? await source.ledgers() : [ledgerNo];
  // Crash in between: fewer segments are there, each of them whole. What is missing is made anew at the next
  // start, what is damaged is found to be so again.
  if (isWhole) await store.reset?.();
  else for (const one of ledgers) await store.removeFrom(one, 0);
  return ledgers;
}

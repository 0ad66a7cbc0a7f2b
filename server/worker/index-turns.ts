import { AppError } from '#server/errors.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { createLedgerIndexer, type LedgerIndexDeps, type LedgerIndexer } from './index-ledger.ts';
import type { LedgerProgress } from './index-ledger.ts';

/** An index that can be made anew as a whole, whatever state it is in. */
export interface ResettableStore extends SegmentStore {
  /** Errors: STORAGE_UNAVAILABLE. */
  reset?(): Promise<void>;
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
  const carryOutAll = async (): Promise<void> => {
    for (let order = orders[0]; order !== undefined; order = orders[0]) {
      for (const ledgerNo of await empty(deps, order)) {
        indexers.get(ledgerNo).forget();
        grown.add(ledgerNo);
      }
      orders.splice(orders.indexOf(order), 1);
    }
  };

  return {
    add(ledgerNo) {
      if (ledgerNo === null) mayAllHaveGrown = true;
      else grown.add(ledgerNo);
    },
    order: (order) => void orders.push(order),
    async turn() {
      await carryOutAll();
      if (mayAllHaveGrown) {
        for (const ledgerNo of await deps.source.ledgers()) grown.add(ledgerNo);
        mayAllHaveGrown = false;
      }
      const taken = [...grown];
      for (const ledgerNo of taken) {
        if (isStopped || orders.length > 0) break;
        // First: what comes meanwhile counts.
        grown.delete(ledgerNo);
        if (await step(ledgerNo)) grown.add(ledgerNo);
      }
      return grown.size > 0 || orders.length > 0 || mayAllHaveGrown;
    },
    progress: () => indexers.all().map((indexer) => indexer.progress()),
    isStopped: () => isStopped,
    stop() {
      isStopped = true;
      for (const indexer of indexers.all()) indexer.stop();
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

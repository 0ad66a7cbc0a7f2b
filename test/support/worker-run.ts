import { startWorker, type Worker, type WorkerDeps } from '#server/worker/run.ts';
import type { Sequenced } from '#server/worker/sequence.ts';
import { openWithLedgers, sequenceDeps, SILENT } from './ledger-fixture.ts';
import type { OpenStorage, StorageOptions, StorageUnderTest } from './storage-under-test.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

/** A worker on a storage, on a time that stands still, with all it said. */
export interface WorkerRun {
  readonly worker: Worker;
  readonly storage: StorageUnderTest;
  readonly time: VirtualTime;
  /** What ended, in order. */
  readonly sequenced: readonly { readonly ledger: string; readonly outcome: Sequenced }[];
  readonly outages: readonly (string | null)[];
  readonly fatal: readonly string[];
}

/** A storage with ledgers that wakes whatever worker is started on it, and its time. */
export interface Bench {
  readonly storage: StorageUnderTest;
  readonly time: VirtualTime;
  /** Starts a worker; `change` puts faults around what it works with. */
  run(change?: (deps: WorkerDeps) => Partial<WorkerDeps>): WorkerRun;
  /**
   * As if the process had been killed: the same on what is durable. Workers of before must not be used any
   * more.
   */
  restart(): Promise<Bench>;
}

export async function openBench(open: OpenStorage, ledgers: readonly string[]): Promise<Bench> {
  const time = createVirtualTime();
  let worker: Worker | null = null;
  const options = { now: time.now, onQueued: () => worker?.wake() };
  const setWorker = (started: Worker): void => {
    worker = started;
  };
  return createBench(await openWithLedgers(open, ledgers, options), time, options, setWorker);
}

function createBench(
  storage: StorageUnderTest,
  time: VirtualTime,
  options: StorageOptions,
  setWorker: (worker: Worker) => void,
): Bench {
  return {
    storage,
    time,
    restart: async () => createBench(await storage.restart(options), time, options, setWorker),
    run(change = () => ({})) {
      const sequenced: { ledger: string; outcome: Sequenced }[] = [];
      const outages: (string | null)[] = [];
      const fatal: string[] = [];
      const deps: WorkerDeps = {
        ...sequenceDeps(storage, time.now),
        startTimer: time.startTimer,
        queue: storage.queue,
        concurrency: 1,
        log: SILENT,
        onSequenced({ ledger }, outcome) {
          storage.settle(ledger, outcome.settlements);
          sequenced.push({ ledger, outcome });
        },
        onOutage: (reason) => outages.push(reason),
        onFatal: (error) => fatal.push(error.message),
      };
      const worker = startWorker({ ...deps, ...change(deps) });
      setWorker(worker);
      return { worker, storage, time, sequenced, outages, fatal };
    },
  };
}

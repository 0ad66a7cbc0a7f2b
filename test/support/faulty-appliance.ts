import type { Admission, Settlement, SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { type Checkpointer, createCheckpointer } from '#server/worker/checkpoints.ts';
import { startWorker, type Worker } from '#server/worker/run.ts';
import { createSaltSource } from '#server/worker/salts.ts';
import { type Fault, type FaultyProcess, withFaults } from './faults.ts';
import { KEYS, SILENT } from './ledger-fixture.ts';
import type { StorageUnderTest } from './storage-under-test.ts';
import { createImpatientTime } from './virtual-time.ts';

/** What a client knows of an event it sent. */
export interface Acknowledged {
  readonly client: string;
  readonly ledger: string;
  readonly event: SubmittedEvent;
  readonly admission: Admission;
}

/**
 * Intake, worker and checkpointer on a storage that meets faults, started again whenever a fault kills them.
 */
export interface FaultyAppliance {
  /** Sends until an answer comes: whatever fails is sent again. */
  sendUntilAcknowledged(client: string, ledger: string, events: readonly SubmittedEvent[]): Promise<void>;
  readonly acknowledged: readonly Acknowledged[];
  /** What those who waited were told. */
  readonly settled: readonly { readonly acknowledged: Acknowledged; readonly settlement: Settlement }[];
  /** The newest checkpoint of each ledger that was kept beside the storage. */
  readonly remembered: ReadonlyMap<string, string>;
  /** How often a process was killed and another one started. */
  restarts(): number;
  /**
   * Ends all faults, starts once more, empties the queue and signs what is due. Gives the storage at rest.
   */
  comeToRest(ledgers: readonly string[]): Promise<StorageUnderTest>;
}

interface Running extends FaultyProcess {
  readonly worker: Worker;
  readonly checkpointer: Checkpointer;
}

export function startFaultyAppliance(first: StorageUnderTest, draw: () => Fault): FaultyAppliance {
  const time = createImpatientTime();
  const acknowledged: Acknowledged[] = [];
  const settled: { acknowledged: Acknowledged; settlement: Settlement }[] = [];
  const remembered = new Map<string, string>();
  let restarts = 0;
  let calm = false;

  const start = (storage: StorageUnderTest): Running => {
    const process = withFaults(storage, () => (calm ? 'NONE' : draw()));
    void process.died.then(async () => {
      restarts += 1;
      running = start(await storage.restart());
    });
    return { ...process, ...startThreads(process.storage, storage.settle, time, remembered) };
  };
  let running = start(first);

  const send = async (ledger: string, events: readonly SubmittedEvent[]) => {
    const { storage, worker, died } = running;
    // A client of a process that was killed loses its connection.
    const lost = died.then((): null => null);
    const sent = storage.intake.accept({ ledger, events, settle: true }).catch((): null => null);
    const answer = await Promise.race([sent, lost]);
    worker.wake();
    return answer;
  };

  return {
    acknowledged,
    settled,
    remembered,
    restarts: () => restarts,
    async sendUntilAcknowledged(client, ledger, events) {
      let answer = await send(ledger, events);
      while (!answer) {
        await new Promise(setImmediate);
        answer = await send(ledger, events);
      }
      const known = answer.admissions.map((admission, i) => {
        const event = events[i];
        if (!event) throw new Error('There are more admissions than events');
        return { client, ledger, event, admission };
      });
      acknowledged.push(...known);
      void answer.settled?.then((settlements) => {
        for (const [i, one] of known.entries()) {
          const settlement = settlements[i];
          if (settlement) settled.push({ acknowledged: one, settlement });
        }
      });
    },
    async comeToRest(ledgers) {
      calm = true;
      // A call that met its fault before the calm may still kill the process, and then another one starts.
      while (!(await Promise.race([stop(running), running.died.then(() => false)])));
      // A lease that was kept and reported as failed is void only in a new process.
      const last = start(await running.storage.restart());
      for (const ledger of ledgers) last.checkpointer.grown(ledger);
      await stop(last);
      return last.storage;
    },
  };
}

/** The worker and the checkpointer of a process. */
function startThreads(
  { store, queue, checkpoints, catalog }: StorageUnderTest,
  settle: StorageUnderTest['settle'],
  { now, startTimer }: ReturnType<typeof createImpatientTime>,
  remembered: Map<string, string>,
): { readonly worker: Worker; readonly checkpointer: Checkpointer } {
  const deps = { store, sha256, newSalt: createSaltSource(), now, startTimer, log: SILENT };
  const checkpointer = createCheckpointer({
    ...deps,
    checkpoints,
    catalog,
    keys: KEYS,
    remember: (ledger, note) => remembered.set(ledger, note),
    onCheckpoint: () => undefined,
  });
  const worker = startWorker({
    ...deps,
    queue,
    concurrency: 2,
    onSequenced: ({ ledger }, { settlements }) => {
      settle(ledger, settlements);
      checkpointer.grown(ledger);
    },
    onOutage: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
  return { worker, checkpointer };
}

async function stop({ worker, checkpointer }: Running): Promise<boolean> {
  await worker.stop({ drain: new AbortController().signal });
  await checkpointer.stop();
  return true;
}

import type { JobKind } from '#server/ports/job-store.ts';
import { CLAIM_MS, type JobRun, type JobRunDeps, runJob } from './run-job.ts';
import { createWait } from './wait.ts';

export interface JobRunnerDeps extends JobRunDeps {
  /** Names this process among all that share the store. */
  readonly processId: string;
}

/** What runs the jobs of one process. */
export interface JobRunner {
  /** There may be a new job. Cheap; call it as often as you like. */
  wake(): void;
  /**
   * Lets go of the jobs in hand, so that the next process goes on where they are. Bounded: about six seconds.
   */
  stop(): Promise<void>;
}

/** How many jobs of a kind one process runs at once. */
export const JOB_SLOTS: Readonly<Record<JobKind, number>> = { VERIFICATION: 1, EXPORT: 2 };
/** How often it is asked whether there is something to do: other processes ask for jobs, too. */
const POLL_MS = 1000;

/** Claims jobs and runs each in its thread, as many at once as there are slots. */
export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { store, now, log } = deps;
  const wait = createWait(deps.startTimer);
  const running = new Map<JobRun, JobKind>();
  const state = { isStopping: false, isOut: false };
  let claims = 0;

  const freeKinds = (): JobKind[] => {
    const used = [...running.values()];
    const kinds: readonly JobKind[] = ['VERIFICATION', 'EXPORT'];
    return kinds.filter((kind) => used.filter((one) => one === kind).length < JOB_SLOTS[kind]);
  };

  /** Takes one more job in hand. `false`: there is none, or no room. */
  const claimOne = async (): Promise<boolean> => {
    const kinds = freeKinds();
    if (kinds.length === 0) return false;
    const owner = `${deps.processId}/${(claims += 1)}`;
    const job = await store.claim(kinds, owner, now(), now() + CLAIM_MS);
    if (job === null) return false;
    const run = runJob(job, owner, deps);
    running.set(run, job.kind);
    // One that was claimed while this process began to stop.
    if (state.isStopping) run.stop();
    void run.over.then(() => {
      running.delete(run);
      wait.wake();
    });
    return true;
  };

  const claimOn = async (): Promise<void> => {
    while (!state.isStopping) {
      try {
        while (!state.isStopping && (await claimOne())) state.isOut = false;
        state.isOut = false;
      } catch (error) {
        if (!state.isOut) log.warn({ err: error }, 'No job can be taken now; it is tried again.');
        state.isOut = true;
      }
      if (!state.isStopping) await wait.wait(POLL_MS);
    }
  };
  const claiming = claimOn();

  return {
    wake: () => wait.wake(),
    async stop() {
      state.isStopping = true;
      wait.wake();
      for (const run of running.keys()) run.stop();
      await claiming;
      await Promise.all([...running.keys()].map((run) => run.over));
    },
  };
}

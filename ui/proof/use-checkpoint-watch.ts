import { queryOptions, useQuery } from '@tanstack/react-query';
import { systemClock } from '#server/clock.ts';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { ProofCheckpointDocument, ProofConsistencyDocument } from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import { type Alarm, type CheckpointStorage, forget } from './checkpoint-memory.ts';
import { type CheckpointReport, watchCheckpoint } from './watch-checkpoint.ts';

/** How often a ledger's newest checkpoint is looked at while somebody watches. */
const WATCH_MS = 60_000;

/** What is known of a ledger's checkpoints in this browser. */
export interface CheckpointWatch {
  /** `null` until the first look is done. */
  readonly report: CheckpointReport | null;
  /** A contradiction that was found; it stays until the person ends it. */
  readonly alarm: Alarm | null;
  /** Why nothing could be looked at. */
  readonly error: ApiError | null;
  readonly refresh: () => void;
  /**
   * Forgets what is remembered and the alarm: the next look is a first one. Only where the person said so.
   */
  readonly forget: () => void;
}

/** Looks at a ledger's newest checkpoint now and every minute, and compares it with what was seen before. */
export function useCheckpointWatch(ledger: string): CheckpointWatch {
  const { data, error, refetch } = useQuery({
    ...checkpointQuery(ledger),
    refetchInterval: WATCH_MS,
  });
  return {
    report: data ?? null,
    alarm: data?.alarm ?? null,
    error,
    refresh: () => void refetch(),
    forget: () => {
      forgetLedger(ledger);
      void refetch();
    },
  };
}

/** One look at a ledger's newest checkpoint, as TanStack Query's options. */
export function checkpointQuery(ledger: string) {
  return queryOptions<CheckpointReport, ApiError>({
    queryKey: ['checkpoint-watch', ledger],
    queryFn: ({ signal }) =>
      watchCheckpoint(ledger, {
        askLedger: async () => (await request(ProofCheckpointDocument, { ledger }, signal)).ledger,
        askConsistency: async (from, to) =>
          (await request(ProofConsistencyDocument, { ledger, from, to }, signal)).consistencyProof,
        storage: browserStorage(),
        nowMs: systemClock,
        wait: (ms) => new Promise((done) => setTimeout(done, ms)),
      }),
    staleTime: 0,
  });
}

/** Forgets what this browser remembers of a ledger, its alarm too: only ever because a person said so. */
export function forgetLedger(ledger: string): void {
  forget(browserStorage(), ledger);
}

/** Where the browser does not even give its storage away, nothing is kept. */
function browserStorage(): CheckpointStorage {
  try {
    return localStorage;
  } catch {
    return { length: 0, getItem: () => null, key: () => null, removeItem: () => undefined, setItem: refuse };
  }
}

function refuse(): never {
  throw new Error('This browser keeps nothing for this page.');
}

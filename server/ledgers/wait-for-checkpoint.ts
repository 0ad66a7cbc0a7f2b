import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { CheckpointStore } from '#server/ports/ledger-store.ts';

/**
 * Resolves once a checkpoint covers the record at the index; rejects with the signal's reason when that comes
 * first.
 */
export type WaitForCheckpoint = (ledger: string, index: number, signal: AbortSignal) => Promise<void>;

/** Makes the wait out of wake-ups and the store, which alone is believed. */
export function createWaitForCheckpoint(
  checkpoints: CheckpointStore,
  events: LedgerEvents,
): WaitForCheckpoint {
  return async (ledger, index, signal) => {
    for (;;) {
      const woken = new AbortController();
      // Listen before looking: a checkpoint made in between wakes us.
      const stop = events.onCheckpoint(ledger, () => woken.abort());
      try {
        signal.throwIfAborted();
        const latest = await checkpoints.latest(ledger);
        if (latest && latest.size > index) return;
        await aborted(AbortSignal.any([woken.signal, signal]));
      } finally {
        stop();
      }
    }
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

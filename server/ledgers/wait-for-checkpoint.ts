import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { CheckpointStore } from '#server/ports/ledger-store.ts';

/** Waits until a checkpoint of the ledger covers the index; `false` when the time is over first. */
export type WaitForCheckpoint = (ledger: string, index: number, timeoutMs: number) => Promise<boolean>;

/** Makes the wait out of wake-ups and the store, which alone is believed. */
export function waitForCheckpoint(checkpoints: CheckpointStore, events: LedgerEvents): WaitForCheckpoint {
  return async (ledger, index, timeoutMs) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const woken = new AbortController();
      // Listen before looking: a checkpoint made in between wakes us.
      const stop = events.onCheckpoint(ledger, () => woken.abort());
      try {
        const latest = await checkpoints.latest(ledger);
        if (latest && latest.size > index) return true;
        if (timeout.aborted) return false;
        await aborted(AbortSignal.any([woken.signal, timeout]));
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

import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { CheckpointStore } from '#server/ports/ledger-store.ts';

export interface WaitForCheckpointDeps {
  readonly checkpoints: Pick<CheckpointStore, 'latest'>;
  readonly ledgerEvents: Pick<LedgerEvents, 'onCheckpoint'>;
}

/**
 * Gives the wait behind `ack: CHECKPOINTED`: it resolves once a signed checkpoint of the ledger covers the record at
 * `index`, and rejects with the signal's reason when the signal is aborted first.
 */
export function createWaitForCheckpoint({ checkpoints, ledgerEvents }: WaitForCheckpointDeps) {
  return async (ledger: string, index: number, signal: AbortSignal): Promise<void> => {
    let wake: () => void = () => undefined;
    let woken = new Promise<void>((resolve) => (wake = resolve));
    const end = ledgerEvents.onCheckpoint(ledger, () => wake());
    const onAbort = () => wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // Listening began before the first look, so that no checkpoint falls between the two.
      for (;;) {
        const latest = await checkpoints.latest(ledger);
        if (latest !== null && latest.size > index) return;
        signal.throwIfAborted();
        await woken;
        woken = new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      end();
    }
  };
}

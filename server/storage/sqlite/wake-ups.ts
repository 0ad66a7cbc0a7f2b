interface WakeUp {
  wake(ledger: string): void;
  /** Gives the function that ends listening. */
  listen(ledger: string, wake: () => void): () => void;
}

/** Who wants to be woken for which ledger. */
export function createWakeUps(): { readonly growth: WakeUp; readonly checkpoint: WakeUp } {
  return { growth: createWakeUp(), checkpoint: createWakeUp() };
}

function createWakeUp(): WakeUp {
  const listeners = new Map<string, Set<() => void>>();
  return {
    wake(ledger) {
      for (const wake of listeners.get(ledger) ?? []) wake();
    },
    listen(ledger, wake) {
      const ofLedger = listeners.get(ledger) ?? new Set();
      listeners.set(ledger, ofLedger);
      ofLedger.add(wake);
      return () => {
        ofLedger.delete(wake);
        if (ofLedger.size === 0 && listeners.get(ledger) === ofLedger) listeners.delete(ledger);
      };
    },
  };
}

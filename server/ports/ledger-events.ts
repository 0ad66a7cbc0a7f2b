/**
 * Wakes readers after a commit. It carries no data: the ledger is the source, a lost wake-up costs only time.
 */
export interface LedgerEvents {
  /** Calls back after each commit that made the ledger longer. Gives the function that ends it. */
  onGrowth(ledger: string, wake: () => void): () => void;
  /** Calls back after each new checkpoint of the ledger. Gives the function that ends it. */
  onCheckpoint(ledger: string, wake: () => void): () => void;
}

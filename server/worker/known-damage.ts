import type { StartTimer } from './timer.ts';

/**
 * Who reads the index may not know yet that it was made anew: damage that is reported so soon is the old one.
 */
const FRESH_MS = 10_000;

/** Which damage of the index is being seen to. */
export interface KnownDamage {
  /** It is from now on, and for a while. `undefined`: it is not known of which ledger. */
  add(ledgerNo: number | undefined): void;
  has(ledgerNo: number | undefined): boolean;
  clear(): void;
}

/** @param isOneFile damage anywhere has all of the index made anew, not only that of a ledger */
export function createKnownDamage(startTimer: StartTimer, isOneFile: boolean): KnownDamage {
  const cancels = new Map<number | null, () => void>();
  const keyOf = (ledgerNo: number | undefined): number | null => (isOneFile ? null : (ledgerNo ?? null));
  return {
    add(ledgerNo) {
      const key = keyOf(ledgerNo);
      cancels.get(key)?.();
      cancels.set(
        key,
        startTimer(FRESH_MS, () => cancels.delete(key)),
      );
    },
    has: (ledgerNo) => cancels.has(keyOf(ledgerNo)),
    clear() {
      for (const cancel of cancels.values()) cancel();
    },
  };
}

import type { Caller } from './caller.ts';

/** The ledger that is meant where nothing says which. */
export const DEFAULT_LEDGER = 'default';

/**
 * Whether the ledger is one of the caller's. It says nothing about whether the ledger exists: one out of
 * reach must answer exactly like one that does not.
 */
export function mayReach(caller: Pick<Caller, 'ledgers'>, ledger: string): boolean {
  return caller.ledgers === '*' || caller.ledgers.has(ledger);
}

/**
 * The ledger that a request means: the one it names; else the one that its token is bound to; else `default`.
 */
export function resolveLedger(caller: Pick<Caller, 'ledgers'>, given: string | null): string {
  if (given !== null) return given;
  if (caller.ledgers === '*' || caller.ledgers.size !== 1) return DEFAULT_LEDGER;
  const [only] = caller.ledgers;
  return only ?? DEFAULT_LEDGER;
}

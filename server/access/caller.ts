import { mayReach } from './ledger.ts';
import type { Scope } from './scopes.ts';

/** Stands for all ledgers in a token's list. */
export const ALL_LEDGERS = '*';

/** Who makes a request: a token that was checked for this request. */
export interface Caller {
  readonly tokenId: string;
  /** The token's name. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly ledgers: typeof ALL_LEDGERS | ReadonlySet<string>;
}

/** Whether the caller has the scope and, where a ledger is given, may reach it. Nothing else is allowed. */
export function may(caller: Caller, scope: Scope, ledger?: string): boolean {
  return caller.scopes.has(scope) && (ledger === undefined || mayReach(caller, ledger));
}

import { mayReach } from './ledger.ts';
import type { Scope } from './scopes.ts';

/** Stands for all ledgers in a token's list. */
export const ALL_LEDGERS = '*';

/** Who makes a request: a token, or a session of one, that was checked for this request. */
export interface Caller {
  readonly tokenId: string;
  /** The token's name. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly ledgers: typeof ALL_LEDGERS | ReadonlySet<string>;
  /** The browser's session, where the request came with one: when it ends, ms since the epoch. */
  readonly session?: { readonly expiresAt: number };
}

/** Whether the caller has the scope and, where a ledger is given, may reach it. Nothing else is allowed. */
export function may(caller: Caller, scope: Scope, ledger?: string): boolean {
  return caller.scopes.has(scope) && (ledger === undefined || mayReach(caller, ledger));
}

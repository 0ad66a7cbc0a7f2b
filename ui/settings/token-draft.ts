import type { CreateTokenMutationVariables } from '#ui/graphql/generated.ts';
import { messages } from './messages.ts';

/** How long a new token works. */
export type Expiry = 'DAYS_1' | 'DAYS_30' | 'DAYS_90' | 'DAYS_365' | 'NEVER';
export const EXPIRIES: readonly Expiry[] = ['DAYS_1', 'DAYS_30', 'DAYS_90', 'DAYS_365', 'NEVER'];

/** What the form of a new token holds. */
export interface TokenDraft {
  readonly name: string;
  readonly scopes: readonly string[];
  /** `*` alone is all. */
  readonly ledgers: readonly string[];
  readonly expiry: Expiry;
}

const DAY_MS = 86_400_000;

/** What is missing, in a sentence; `null` where the token can be made. */
export function tokenProblem({ name, scopes, ledgers }: TokenDraft): string | null {
  if (name.trim() === '') return messages.needsName;
  if (scopes.length === 0) return messages.needsScope;
  return ledgers.length === 0 ? messages.needsLedger : null;
}

/** What is asked of the appliance for a draft that has no problem. */
export function tokenVariables(draft: TokenDraft, nowMs: number): CreateTokenMutationVariables {
  const { name, scopes, ledgers, expiry } = draft;
  const days = expiry === 'NEVER' ? null : Number(expiry.slice('DAYS_'.length));
  const expiresAt = days === null ? null : new Date(nowMs + days * DAY_MS).toISOString();
  return { name: name.trim(), scopes: [...scopes], ledgers: [...ledgers], expiresAt };
}

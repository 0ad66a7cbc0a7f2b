import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';
import { ALL_LEDGERS } from './caller.ts';
import { ALL_SCOPES } from './scopes.ts';
import { hashSecret, isSecret } from './secret.ts';

/** Id of the administrator token that is there from the first start on. */
export const BOOTSTRAP_TOKEN_ID = 'bootstrap-administrator';
const BOOTSTRAP_TOKEN_NAME = 'Bootstrap administrator';

export interface BootstrapDeps {
  readonly tokens: TokenStore;
  readonly clock: Clock;
}

/**
 * Sees to it that the given secret is the administrator's: all scopes on all ledgers. With another secret
 * than before, the old one stops working. A token that was revoked stays revoked until the secret is changed,
 * since a restart must not bring a leaked secret back.
 *
 * @returns whether the secret works, that is, whether the token is not revoked
 * @throws AppError CONFIG_INVALID where the secret cannot be sent in a header or is another token's
 */
export async function ensureBootstrapToken(
  { tokens, clock }: BootstrapDeps,
  secret: string,
): Promise<boolean> {
  if (!isSecret(secret)) {
    const message = 'The administrator token must have 1 to 512 visible ASCII characters.';
    throw new AppError('CONFIG_INVALID', { message });
  }
  const secretHash = hashSecret(secret);
  const holder = await tokens.findByHash(secretHash);
  if (holder !== null && holder.id !== BOOTSTRAP_TOKEN_ID) {
    throw new AppError('CONFIG_INVALID', {
      message: 'The administrator token is the secret of another token.',
    });
  }
  const before = await tokens.find(BOOTSTRAP_TOKEN_ID);
  const token = bootstrapToken(secretHash, before?.secretHash === secretHash ? before : null, clock());
  if (before === null || !isSame(before, token)) await tokens.put(token);
  return token.revokedAt === null;
}

function bootstrapToken(secretHash: string, before: StoredToken | null, nowMs: number): StoredToken {
  return {
    id: BOOTSTRAP_TOKEN_ID,
    name: BOOTSTRAP_TOKEN_NAME,
    secretHash,
    scopes: ALL_SCOPES,
    ledgers: [ALL_LEDGERS],
    createdAt: before?.createdAt ?? nowMs,
    expiresAt: null,
    revokedAt: before?.revokedAt ?? null,
  };
}

/** A newer version may know more scopes; then the stored token gets them. */
function isSame(before: StoredToken, after: StoredToken): boolean {
  return before.secretHash === after.secretHash && ALL_SCOPES.every((scope) => before.scopes.includes(scope));
}

import type { Clock } from '#server/clock.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';
import { ALL_LEDGERS, type Caller } from './caller.ts';
import { isScope } from './scopes.ts';
import { hashSecret, isSecret, SECRET_CHARACTERS_MAX } from './secret.ts';

/** Tells who a request is from by its `Authorization` header; `null` where no valid token was given. */
export type Authenticate = (authorizationHeader: string | null) => Promise<Caller | null>;

export interface AuthenticateDeps {
  readonly tokens: Pick<TokenStore, 'findByHash'>;
  readonly clock: Clock;
}

const SCHEME = 'bearer ';

/**
 * Makes the check. It looks the token up at every request, so that a revocation and an expiry hold from the
 * next request on. Anything that is not exactly `Bearer <secret>` is refused without a lookup.
 */
export function createAuthenticate({ tokens, clock }: AuthenticateDeps): Authenticate {
  return async (authorizationHeader) => {
    const secret = bearerSecret(authorizationHeader);
    if (secret === null) return null;
    const token = await tokens.findByHash(hashSecret(secret));
    return token !== null && isValid(token, clock()) ? callerOf(token) : null;
  };
}

/** The caller that a stored token stands for. Scopes that this version does not know give nothing. */
export function callerOf(token: StoredToken): Caller {
  return {
    tokenId: token.id,
    name: token.name,
    scopes: new Set(token.scopes.filter(isScope)),
    ledgers: token.ledgers.includes(ALL_LEDGERS) ? ALL_LEDGERS : new Set(token.ledgers),
  };
}

function bearerSecret(header: string | null): string | null {
  if (header === null || header.length > SCHEME.length + SECRET_CHARACTERS_MAX) return null;
  if (header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return null;
  const secret = header.slice(SCHEME.length);
  return isSecret(secret) ? secret : null;
}

/** Whether a token works at a time. */
export function isValid(token: StoredToken, nowMs: number): boolean {
  return token.revokedAt === null && (token.expiresAt === null || token.expiresAt > nowMs);
}

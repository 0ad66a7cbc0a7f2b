import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { NewId } from '#server/id.ts';
import type { LedgerCatalog } from '#server/ports/ledger-store.ts';
import type { StoredToken, TokenStore } from '#server/ports/token-store.ts';
import { ALL_LEDGERS, type Caller, may } from './caller.ts';
import { mayReach } from './ledger.ts';
import { ALL_SCOPES, isScope, type Scope } from './scopes.ts';
import { hashSecret } from './secret.ts';

/** Most characters (Unicode code points) of a token's name. */
export const TOKEN_NAME_CHARACTERS_MAX = 1_024;
/** Most ledgers that one token may list. */
export const TOKEN_LEDGERS_MAX = 1_000;

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Ledger ids, or `['*']`. */
  readonly ledgers: readonly string[];
  /** ms since the epoch; `null`: it does not expire. */
  readonly expiresAt: number | null;
}

export interface CreatedToken {
  readonly token: StoredToken;
  /** Shown this once; only its hash is kept. */
  readonly secret: string;
}

/** Making and revoking tokens, on behalf of a caller with the scope `admin`. */
export interface Tokens {
  /**
   * Makes a token. A caller can grant only scopes and ledgers that it has itself. Durable when this resolves.
   *
   * Errors: FORBIDDEN (not `admin`, or a grant beyond the caller's own); LEDGER_NOT_FOUND, for missing and
   * foreign ledgers alike; BAD_USER_INPUT with the argument in `path`.
   */
  create(caller: Caller, wanted: NewToken): Promise<CreatedToken>;
  /**
   * Revokes a token, from the next request on. Revoking twice is harmless. Errors: FORBIDDEN;
   * TOKEN_NOT_FOUND, for missing tokens and those with a ledger beyond the caller's own alike.
   */
  revoke(caller: Caller, id: string): Promise<StoredToken>;
  /** The tokens that the caller may revoke, revoked and expired ones too. Errors: FORBIDDEN. */
  list(caller: Caller): Promise<readonly StoredToken[]>;
}

export interface TokensDeps {
  readonly store: TokenStore;
  readonly catalog: Pick<LedgerCatalog, 'find'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly newSecret: () => string;
}

export function createTokens(deps: TokensDeps): Tokens {
  const { store, clock } = deps;
  return {
    async create(caller, wanted) {
      requireAdmin(caller);
      const nowMs = clock();
      checkName(wanted.name);
      checkExpiry(wanted.expiresAt, nowMs);
      const scopes = grantedScopes(caller, wanted.scopes);
      const ledgers = await grantedLedgers(deps, caller, wanted.ledgers);
      const secret = deps.newSecret();
      const token: StoredToken = {
        id: deps.newId(nowMs),
        name: wanted.name,
        secretHash: hashSecret(secret),
        scopes,
        ledgers,
        createdAt: nowMs,
        expiresAt: wanted.expiresAt,
        revokedAt: null,
      };
      // Crash before this: there is no token, and nobody has seen the secret. After it: a token nobody can
      // use.
      await store.create(token);
      return { token, secret };
    },
    async revoke(caller, id) {
      requireAdmin(caller);
      const token = await store.find(id);
      if (token === null || !isWithin(token, caller)) throw new AppError('TOKEN_NOT_FOUND');
      return await store.revoke(id, clock());
    },
    async list(caller) {
      requireAdmin(caller);
      return (await store.list()).filter((token) => isWithin(token, caller));
    },
  };
}

function requireAdmin(caller: Caller): void {
  if (!may(caller, 'admin')) throw new AppError('FORBIDDEN');
}

function checkName(name: string): void {
  if (name.length === 0) throw badInput('name', 'name must not be empty.');
  if (!name.isWellFormed()) throw badInput('name', 'name has a lone surrogate, which no Unicode text has.');
  // Postgres cannot store it.
  if (name.includes('\u0000'))
    throw badInput('name', 'name has the character U+0000, which cannot be stored.');
  const characters = Array.from(name.slice(0, 2 * TOKEN_NAME_CHARACTERS_MAX + 1)).length;
  if (characters > TOKEN_NAME_CHARACTERS_MAX) {
    throw badInput('name', `name is over the limit of ${TOKEN_NAME_CHARACTERS_MAX} characters.`);
  }
}

function checkExpiry(expiresAt: number | null, nowMs: number): void {
  if (expiresAt === null) return;
  if (!Number.isSafeInteger(expiresAt) || expiresAt <= nowMs) {
    throw badInput('expiresAt', 'expiresAt must be in the future.');
  }
}

function grantedScopes(caller: Caller, wanted: readonly string[]): readonly Scope[] {
  if (wanted.length === 0) throw badInput('scopes', 'scopes must name one scope at least.');
  const scopes = new Set<Scope>();
  for (const name of wanted) {
    if (!isScope(name)) {
      throw badInput('scopes', `scopes has one that is not known. Known are ${ALL_SCOPES.join(', ')}.`);
    }
    scopes.add(name);
  }
  const beyond = [...scopes].filter((scope) => !may(caller, scope));
  if (beyond.length > 0)
    throw forbidden('scopes', `The token cannot grant what it lacks: ${beyond.join(', ')}.`);
  return [...scopes];
}

async function grantedLedgers(
  { catalog }: TokensDeps,
  caller: Caller,
  wanted: readonly string[],
): Promise<readonly string[]> {
  const ledgers = new Set(wanted);
  if (ledgers.size === 0) throw badInput('ledgers', 'ledgers must name one ledger at least, or all with *.');
  if (ledgers.size > TOKEN_LEDGERS_MAX) {
    throw badInput('ledgers', `ledgers names more than the limit of ${TOKEN_LEDGERS_MAX}.`);
  }
  if (ledgers.has(ALL_LEDGERS)) {
    if (ledgers.size > 1) throw badInput('ledgers', '* means all ledgers and stands alone.');
    if (caller.ledgers !== ALL_LEDGERS)
      throw forbidden('ledgers', 'The token cannot grant ledgers it lacks.');
    return [ALL_LEDGERS];
  }
  for (const ledger of ledgers) {
    const known = mayReach(caller, ledger) ? await catalog.find(ledger) : null;
    if (known === null) throw new AppError('LEDGER_NOT_FOUND', { path: ['ledgers'] });
  }
  return [...ledgers];
}

/** Whether every ledger of the token is one of the caller's: `*` is within `*` only. */
function isWithin(token: StoredToken, caller: Caller): boolean {
  return caller.ledgers === ALL_LEDGERS || token.ledgers.every((ledger) => mayReach(caller, ledger));
}

function badInput(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', { message, path: [argument] });
}

function forbidden(argument: string, message: string): AppError {
  return new AppError('FORBIDDEN', { message, path: [argument] });
}

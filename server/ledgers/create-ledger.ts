import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import { isLedgerId } from '#server/ledger/entry.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { makeVkey } from '#server/ledger/note.ts';
import type { LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import type { KeyStore } from '#server/ports/signer.ts';

const NAME_CHARACTERS_MAX = 1024;

export interface CreateLedgerDeps {
  readonly catalog: Pick<LedgerCatalog, 'find' | 'create'>;
  readonly keys: KeyStore;
  readonly sha256: Sha256;
  readonly clock: Clock;
  /** Prefix of the origin: no white space, no `+`. */
  readonly originPrefix: string;
}

/** Creates a ledger with a key of its own. */
export type CreateLedger = (id: string, name: string | null) => Promise<LedgerIdentity>;

/**
 * Makes the operation that creates ledgers.
 *
 * It throws BAD_USER_INPUT for an id that is not 1 to 64 of `A-Z a-z 0-9 - _ .` starting with a letter or
 * digit (ledger format, section 1), a name over 1,024 characters, one with U+0000 or one that is no Unicode
 * text, LEDGER_EXISTS for an id that is taken, and STORAGE_UNAVAILABLE.
 */
export function createCreateLedger({
  catalog,
  keys,
  sha256,
  clock,
  originPrefix,
}: CreateLedgerDeps): CreateLedger {
  return async (id, name) => {
    if (!isLedgerId(id)) {
      throw new AppError('BAD_USER_INPUT', {
        message: 'A ledger id has 1 to 64 of A-Z a-z 0-9 - _ . and starts with a letter or digit.',
        path: ['id'],
      });
    }
    if (name !== null && name.length > NAME_CHARACTERS_MAX) {
      throw new AppError('BAD_USER_INPUT', {
        message: `A name has at most ${NAME_CHARACTERS_MAX} characters.`,
        path: ['name'],
      });
    }
    if (name !== null && !name.isWellFormed()) {
      throw new AppError('BAD_USER_INPUT', {
        message: 'The name has a lone surrogate, which no Unicode text has.',
        path: ['name'],
      });
    }
    // Postgres cannot store it.
    if (name?.includes('\u0000')) {
      throw new AppError('BAD_USER_INPUT', {
        message: 'name has the character U+0000, which cannot be stored.',
        path: ['name'],
      });
    }
    if (await catalog.find(id)) throw new AppError('LEDGER_EXISTS');
    const origin = `${originPrefix}/${id}`;
    const signer = await keys.create(origin);
    const vkey = makeVkey(sha256, origin, signer.publicKey);
    const identity = { id, name, origin, vkey, createdAt: clock() };
    await catalog.create(identity);
    return identity;
  };
}

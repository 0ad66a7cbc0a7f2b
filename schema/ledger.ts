import type { Checkpoint as CheckpointRow, Ledger as LedgerRow } from '#prisma/generated/sqlite/client.ts';
import { mayReach, resolveLedger } from '#server/access/ledger.ts';
import { AppError } from '#server/errors.ts';
import { isLedgerId } from '#server/ledger/entry.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { base64, timeText } from './encodings.ts';

/** Sentence for every argument that names a ledger and may be left out. */
export const LEDGER_ARGUMENT =
  "The ledger's id. Left out: the one ledger the token is bound to; else `default`. A ledger that does " +
  'not exist ' +
  'and one that the token is not bound to answer alike: LEDGER_NOT_FOUND.';

/** Those who may see that a ledger is there. */
export const LEDGER_READERS = [
  'records:read',
  'events:write',
  'ledgers:verify',
  'exports:create',
  'admin',
] as const;

/**
 * Finds the ledger that an operation is about.
 *
 * @param given the argument as sent; nothing stands for the caller's one ledger or `default`
 * @throws AppError LEDGER_NOT_FOUND, for missing and foreign ledgers alike.
 */
export async function openLedger(ctx: AppContext, given: string | null | undefined): Promise<LedgerRow> {
  const id = resolveLedger(ctx.caller, given ?? null);
  const ledger = await findLedger(ctx, id);
  if (!ledger) throw new AppError('LEDGER_NOT_FOUND');
  return ledger;
}

/** The ledger of an id; `null` where there is none or it is not the caller's. */
export async function findLedger({ caller, db }: AppContext, id: string): Promise<LedgerRow | null> {
  return mayBeFound(caller, id) ? await db.ledger.findUnique({ where: { id } }) : null;
}

/** A text that is no ledger's id need not be looked for, and one with U+0000 cannot be on Postgres. */
function mayBeFound(caller: AppContext['caller'], id: string): boolean {
  return isLedgerId(id) && mayReach(caller, id);
}

/** Records in the ledger, as committed. */
export async function ledgerSize(ctx: AppContext, ledgerNo: number): Promise<number> {
  const head = await ctx.db.head.findUnique({ where: { ledgerNo }, select: { size: true } });
  if (!head) throw new Error(`Ledger ${ledgerNo} has no head.`);
  return Number(head.size);
}

export const CheckpointType = builder.prismaObject('Checkpoint', {
  description: "A signed statement of a ledger's size and Merkle root (C2SP tlog-checkpoint).",
  authScopes: { anyScope: LEDGER_READERS },
  fields: (t) => ({
    size: t.field({
      type: 'SafeInt',
      description: 'Number of records that the checkpoint covers.',
      resolve: ({ size }) => Number(size),
    }),
    root: t.string({
      description: 'Merkle root over those records (RFC 6962), base64.',
      resolve: ({ root }) => base64(root),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was signed.',
      resolve: ({ createdAt }) => timeText(createdAt),
    }),
  }),
});

export const LedgerType = builder.prismaObject('Ledger', {
  description: "One organization's append-only log: hash-chained, in a Merkle tree, with signed checkpoints.",
  authScopes: { anyScope: LEDGER_READERS },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id it was created with: 1 to 64 of `A-Z a-z 0-9 - _ .`.' }),
    name: t.exposeString('name', { nullable: true, description: 'Name for people.' }),
    origin: t.exposeString('origin', {
      description: "The ledger's public name, first line of its checkpoints.",
    }),
    vkey: t.exposeString('vkey', { description: 'C2SP verifier key of its checkpoints. Pin it.' }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was created.',
      resolve: ({ createdAt }) => timeText(createdAt),
    }),
    size: t.field({
      type: 'SafeInt',
      description: 'Number of records. The last one has index size − 1.',
      select: { head: { select: { size: true } } },
      resolve: ({ head }) => Number(present(head).size),
    }),
    indexedSize: t.field({
      type: 'SafeInt',
      description:
        'How many records, from the first one on, are in the search index. Those behind it are ' +
        'searched too, ' +
        'one by one, as long as they are not too many. Needs the scope records:read.',
      authScopes: { scope: 'records:read' },
      select: { no: true },
      resolve: ({ no }, _args, { services }) => services.search.indexed(no),
    }),
    root: t.string({
      description: 'Merkle root over all records (RFC 6962), base64.',
      select: { head: { select: { root: true } } },
      resolve: ({ head }) => base64(present(head).root),
    }),
    checkpoint: t.field({
      type: CheckpointType,
      nullable: true,
      description: 'The latest signed checkpoint; null before the first record was checkpointed.',
      select: { checkpoints: { orderBy: { size: 'desc' }, take: 1 } },
      resolve: ({ checkpoints }): CheckpointRow | null => checkpoints[0] ?? null,
    }),
  }),
});

/** A ledger is created together with its head. */
function present<Head>(head: Head | null): Head {
  if (head === null) throw new Error('A ledger has no head.');
  return head;
}

builder.queryField('ledgers', (t) =>
  t.prismaField({
    type: ['Ledger'],
    description:
      'The ledgers that the token is bound to, by id. Needs any of the scopes records:read, events:write, ' +
      'ledgers:verify, exports:create, admin.',
    authScopes: { anyScope: LEDGER_READERS },
    resolve: (query, _root, _args, { db, caller }) =>
      db.ledger.findMany({
        ...query,
        where: caller.ledgers === '*' ? {} : { id: { in: [...caller.ledgers] } },
        orderBy: { id: 'asc' },
      }),
  }),
);

builder.queryField('ledger', (t) =>
  t.prismaField({
    type: 'Ledger',
    nullable: true,
    description:
      'One ledger; null where there is none for this token. Needs any of the scopes records:read, ' +
      'events:write, ' +
      'ledgers:verify, exports:create, admin.',
    authScopes: { anyScope: LEDGER_READERS },
    args: { id: t.arg.id({ required: true, description: "The ledger's id." }) },
    resolve: (query, _root, { id }, { db, caller }) =>
      mayBeFound(caller, id) ? db.ledger.findUnique({ ...query, where: { id } }) : null,
  }),
);

builder.mutationField('createLedger', (t) =>
  t.prismaField({
    type: 'Ledger',
    description:
      'Creates a ledger with a key of its own. Needs the scope admin, and a token bound to this id or to ' +
      'all ledgers ' +
      '(else FORBIDDEN). Errors: BAD_USER_INPUT, LEDGER_EXISTS.',
    authScopes: { scope: 'admin' },
    args: {
      id: t.arg.id({
        required: true,
        description: 'Its id for ever: 1 to 64 of `A-Z a-z 0-9 - _ .`, starting with a letter or digit.',
      }),
      name: t.arg.string({ description: 'Name for people, at most 1,024 characters.' }),
    },
    resolve: async (query, _root, { id, name }, { db, caller, services }) => {
      if (!mayReach(caller, id))
        throw new AppError('FORBIDDEN', { message: 'The token is not bound to this ledger.' });
      await services.createLedger(id, name ?? null);
      return await db.ledger.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
);

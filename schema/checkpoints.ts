import type { Checkpoint as CheckpointRow } from '#prisma/generated/sqlite/client.ts';
import { readCosignature } from '#server/ledger/cosignature.ts';
import { builder, pageComplexity } from './builder.ts';
import type { AppContext } from './context.ts';
import { cosignedNote, readCosignatures, type StoredCosignature, type StoredNote } from './cosigned-note.ts';
import { timeText } from './encodings.ts';
import { createGather } from './gather.ts';
import { CheckpointType, LedgerType } from './ledger.ts';
import { checkCount } from './record-order.ts';

/** Those who read what proves something. */
export const PROOF_READERS = ['records:read', 'ledgers:verify'] as const;

/** Checkpoints of a page unless it says otherwise. */
const CHECKPOINTS_DEFAULT = 10;
/** The last second that can be written down: what a witness claims may be any number. */
const SECONDS_MAX = 253_402_300_799;

/** The cosignatures of a checkpoint; those of a page are read together. */
export const cosignaturesOf = createGather<StoredNote, readonly StoredCosignature[]>(
  async ({ db }, asked) => {
    const byLedger = new Map<number, ReadonlyMap<bigint, readonly StoredCosignature[]>>();
    for (const [ledgerNo, notes] of Map.groupBy(asked, (note) => note.ledgerNo)) {
      const sizes = notes.map(({ size }) => size);
      byLedger.set(ledgerNo, await readCosignatures(db, ledgerNo, sizes));
    }
    return asked.map(({ ledgerNo, size }) => byLedger.get(ledgerNo)?.get(size) ?? []);
  },
);

/** The newest checkpoint of a ledger; `null` where there is none yet. */
export const newestCheckpoint = createGather<number, CheckpointRow | 'NONE'>(async ({ db }, asked) => {
  const newest = new Map<number, CheckpointRow | null>();
  for (const ledgerNo of new Set(asked)) {
    newest.set(ledgerNo, await db.checkpoint.findFirst({ where: { ledgerNo }, orderBy: { size: 'desc' } }));
  }
  return asked.map((ledgerNo) => newest.get(ledgerNo) ?? 'NONE');
});

/** The newest checkpoint that a witness cosigned; `NONE` where there is none. */
export const newestCosigned = createGather<number, CheckpointRow | 'NONE'>(async ({ db }, asked) => {
  const newest = new Map<number, CheckpointRow | null>();
  for (const ledgerNo of new Set(asked)) {
    const cosigned = await db.cosignature.findFirst({
      where: { ledgerNo },
      orderBy: { size: 'desc' },
      select: { size: true },
    });
    const key = cosigned && { ledgerNo_size: { ledgerNo, size: cosigned.size } };
    newest.set(ledgerNo, key && (await db.checkpoint.findUnique({ where: key })));
  }
  return asked.map((ledgerNo) => newest.get(ledgerNo) ?? 'NONE');
});

const Cosignature = builder.objectRef<StoredCosignature>('Cosignature').implement({
  description: 'What a witness added to a checkpoint (C2SP tlog-cosignature): that it saw no other history.',
  authScopes: { anyScope: [...PROOF_READERS, 'events:write', 'admin'] },
  fields: (t) => ({
    witness: t.exposeString('witness', { description: "Name of the witness's key." }),
    vkey: t.exposeString('vkey', {
      description: "The witness's verifier key, as it is configured. Take it from elsewhere to rely on it.",
    }),
    timestamp: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the witness says it was made, to the second; null where that is no time.',
      resolve: ({ line }) => {
        const read = readCosignature(line);
        return 'problem' in read || read.timestamp > SECONDS_MAX ? null : timeText(read.timestamp * 1000);
      },
    }),
    line: t.exposeString('line', { description: 'The signature line, with its newline.' }),
  }),
});

builder.prismaObjectFields(CheckpointType, (t) => ({
  note: t.string({
    description: "The signed note: the ledger's signature, then a line for each cosignature.",
    resolve: async (checkpoint, _args, ctx) =>
      cosignedNote(checkpoint, await cosignaturesOf(ctx, checkpoint)),
  }),
  cosignatures: t.field({
    type: [Cosignature],
    description: 'What witnesses added to it, by their names.',
    resolve: (checkpoint, _args, ctx) => cosignaturesOf(ctx, checkpoint),
  }),
}));

builder.prismaObjectFields(LedgerType, (t) => ({
  checkpoints: t.field({
    type: [CheckpointType],
    description:
      'Its signed checkpoints, newest first. Needs any of the scopes records:read, ledgers:verify. Errors: ' +
      'BAD_USER_INPUT, PAGE_TOO_LARGE.',
    authScopes: { anyScope: PROOF_READERS },
    complexity: pageComplexity,
    args: {
      first: t.arg.int({
        required: true,
        defaultValue: CHECKPOINTS_DEFAULT,
        description: 'How many, at most 500.',
      }),
      before: t.arg({ type: 'SafeInt', description: 'Only those of fewer records than this.' }),
    },
    select: { no: true },
    resolve: async ({ no }, { first, before }, { db }: AppContext) =>
      await db.checkpoint.findMany({
        where: { ledgerNo: no, ...(typeof before === 'number' ? { size: { lt: BigInt(before) } } : {}) },
        orderBy: { size: 'desc' },
        take: checkCount(first, 'first') ?? CHECKPOINTS_DEFAULT,
      }),
  }),
}));

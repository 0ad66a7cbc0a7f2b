import type { WitnessStanding } from '#prisma/generated/sqlite/client.ts';
import { builder } from './builder.ts';
import { timeText } from './encodings.ts';
import { createGather } from './gather.ts';
import { LEDGER_READERS, LedgerType } from './ledger.ts';

/** How it stands with the witnesses of a ledger, by its number; those of many ledgers are read together. */
const standingsOf = createGather<number, readonly WitnessStanding[]>(async ({ db }, asked) => {
  const rows = await db.witnessStanding.findMany({
    where: { ledgerNo: { in: [...new Set(asked)] } },
    orderBy: [{ ledgerNo: 'asc' }, { witness: 'asc' }],
  });
  const byLedger = Map.groupBy(rows, ({ ledgerNo }) => ledgerNo);
  return asked.map((ledgerNo) => byLedger.get(ledgerNo) ?? []);
});

const Witness = builder.objectRef<WitnessStanding>('Witness').implement({
  description: 'How it stands between a ledger and one witness that its checkpoints are offered to.',
  authScopes: { anyScope: LEDGER_READERS },
  fields: (t) => ({
    name: t.string({ description: "Name of the witness's key.", resolve: ({ witness }) => witness }),
    cosignedSize: t.field({
      type: 'SafeInt',
      description: 'Size of the largest checkpoint that it cosigned; 0 for none.',
      resolve: ({ cosignedSize }) => Number(cosignedSize),
    }),
    cosignedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it last cosigned a checkpoint, or confirmed one; null where it never did.',
      resolve: ({ cosignedAt }) => (cosignedAt === null ? null : timeText(cosignedAt)),
    }),
    refusal: t.exposeString('refusal', {
      nullable: true,
      description:
        'Why it refused the ledger as inconsistent with what it saw before; null where it did not. ' +
        'Verification reports it as ROLLED_BACK.',
    }),
    refusedSize: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Size of the largest checkpoint that it refused; null where it refused none.',
      resolve: ({ refusedSize }) => (refusedSize === null ? null : Number(refusedSize)),
    }),
    trouble: t.exposeString('trouble', {
      nullable: true,
      description:
        'Why it could not be asked the last time, or its answer was of no use; null where it cosigned or ' +
        'refused.',
    }),
  }),
});

builder.prismaObjectFields(LedgerType, (t) => ({
  witnesses: t.field({
    type: [Witness],
    description: 'The witnesses that its checkpoints were offered to, by name.',
    select: { no: true },
    resolve: ({ no }, _args, ctx) => standingsOf(ctx, no),
  }),
}));

import type { Job as JobRow, Ledger as LedgerRow } from '#prisma/generated/sqlite/client.ts';
import { readVerificationParams } from '#server/jobs/verification-params.ts';
import type { VerificationReport } from '#server/jobs/verification-report.ts';
import type { Break, BreakKind } from '#server/ledger/break.ts';
import type { JobState as State } from '#server/ports/job-store.ts';
import { builder } from './builder.ts';
import { timeText } from './encodings.ts';
import { JobErrorType, jobErrorOf, JobState } from './job-state.ts';
import { LedgerType } from './ledger.ts';
import { tokenName } from './token-name.ts';

const VERIFY = { scope: 'ledgers:verify' } as const;

const KINDS: Readonly<Record<BreakKind, string>> = {
  CONTENT_MISMATCH:
    'A stored section does not match its commitment, or is missing and no erasure is recorded.',
  ENTRY_MISMATCH: 'An entry does not hash to the stored leaf hash, or its form, ledger or index is wrong.',
  CHAIN_BROKEN: "`prev` is not the previous record's leaf hash.",
  MISSING: 'An index below the size has no record.',
  TIME_REVERSED: '`recordedAt` is earlier than that of the record before it.',
  INDEX_DRIFT: 'A column or the search copy disagrees with the content it was made from.',
  ROOT_MISMATCH: "The tree over the leaves does not give a checkpoint's root at its size.",
  SIGNATURE_INVALID: 'The signature of a checkpoint or a cosignature does not verify.',
  ROLLED_BACK:
    'The ledger is smaller than, or inconsistent with, a checkpoint that was issued or seen before.',
};

const BreakKindType = builder.enumType('BreakKind', {
  description: 'How a ledger can contradict itself.',
  values: {
    CONTENT_MISMATCH: { description: KINDS.CONTENT_MISMATCH },
    ENTRY_MISMATCH: { description: KINDS.ENTRY_MISMATCH },
    CHAIN_BROKEN: { description: KINDS.CHAIN_BROKEN },
    MISSING: { description: KINDS.MISSING },
    TIME_REVERSED: { description: KINDS.TIME_REVERSED },
    INDEX_DRIFT: { description: KINDS.INDEX_DRIFT },
    ROOT_MISMATCH: { description: KINDS.ROOT_MISMATCH },
    SIGNATURE_INVALID: { description: KINDS.SIGNATURE_INVALID },
    ROLLED_BACK: { description: KINDS.ROLLED_BACK },
  },
});

const VerificationPhase = builder.enumType('VerificationPhase', {
  description: 'What a verification looks at.',
  values: {
    RECORDS: { description: 'Content, entries, chain, tree and checkpoints.' },
    INDEX: { description: 'The search copy, against the records.' },
  },
});

const BreakType = builder.objectRef<Break>('Break').implement({
  description: 'One place where a ledger contradicts itself.',
  authScopes: VERIFY,
  fields: (t) => ({
    index: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'The record; null where it concerns the ledger or a checkpoint as a whole.',
      resolve: ({ index }) => index,
    }),
    kind: t.field({ type: BreakKindType, description: 'In which way.', resolve: ({ kind }) => kind }),
    message: t.exposeString('message', { description: 'What was found.' }),
  }),
});

/** A verification with its ledger. */
export interface VerificationJob {
  readonly job: JobRow;
  readonly ledger: LedgerRow;
  readonly state: State;
  readonly report: VerificationReport;
}

/** A verification as the API shows it. */
export const VerificationType = builder.objectRef<VerificationJob>('Verification').implement({
  description:
    'A verification of a ledger, or of a range of it: that it was DONE says nothing, its `breakCount` does.',
  authScopes: VERIFY,
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: ({ job }) => job.id }),
    ledger: t.field({ type: LedgerType, description: 'What is verified.', resolve: ({ ledger }) => ledger }),
    state: t.field({ type: JobState, description: 'How far it is.', resolve: ({ state }) => state }),
    from: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'First index; null: the first one of the ledger.',
      resolve: ({ job }) => readVerificationParams(job.params)?.from ?? null,
    }),
    to: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Index that it ends before; null: the size that the ledger has when it begins.',
      resolve: ({ job }) => readVerificationParams(job.params)?.to ?? null,
    }),
    scheduled: t.boolean({
      description: 'Whether it was due, rather than asked for.',
      resolve: ({ job }) => readVerificationParams(job.params)?.scheduled ?? false,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was asked for.',
      resolve: ({ job }) => timeText(job.createdAt),
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it began first.',
      resolve: ({ job }) => (job.startedAt === null ? null : timeText(job.startedAt)),
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it came to its end.',
      resolve: ({ job }) => (job.finishedAt === null ? null : timeText(job.finishedAt)),
    }),
  }),
});

builder.objectFields(VerificationType, (t) => ({
  requestedBy: t.string({
    nullable: true,
    description: 'Name of the token that asked for it; null where nobody did.',
    resolve: async ({ job: { requestedBy } }, _args, ctx) =>
      requestedBy === null ? null : await tokenName(ctx, requestedBy),
  }),
  phase: t.field({
    type: VerificationPhase,
    nullable: true,
    description: 'What it looks at now, or looked at last; null before it has begun.',
    resolve: ({ report }) => report.phase,
  }),
  checked: t.field({
    type: 'SafeInt',
    description: 'Records looked at in this phase; when it is DONE, records that were verified.',
    resolve: ({ report }) => report.checked,
  }),
  total: t.field({
    type: 'SafeInt',
    description: 'Records to look at in this phase; 0 before it has begun.',
    resolve: ({ report }) => report.total,
  }),
  breaks: t.field({
    type: [BreakType],
    description: 'Where the ledger contradicts itself: the first 1,000 that were found.',
    resolve: ({ report }) => [...report.breaks],
  }),
  breakCount: t.field({
    type: 'SafeInt',
    description: 'How many breaks were found, all of them. 0 is good news only when it is DONE.',
    resolve: ({ report }) => report.breakCount,
  }),
  notChecked: t.stringList({
    description: 'What could not be checked, a sentence each: no breaks, but not verified either.',
    resolve: ({ report }) => [...report.notChecked],
  }),
  rate: t.float({
    nullable: true,
    description: 'Records a second.',
    resolve: ({ report }) => report.rate,
  }),
  size: t.field({
    type: 'SafeInt',
    nullable: true,
    description: 'Size of the head that was verified, once it is DONE.',
    resolve: ({ report }) => report.size,
  }),
  root: t.string({
    nullable: true,
    description: 'Merkle root of the head that was verified, base64, once it is DONE.',
    resolve: ({ report }) => report.root,
  }),
  error: t.field({
    type: JobErrorType,
    nullable: true,
    description: 'Why it is FAILED: it could not be carried through. Breaks are no such reason.',
    resolve: ({ job }) => jobErrorOf(job),
  }),
}));

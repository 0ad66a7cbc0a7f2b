import { AppError } from '#server/errors.ts';
import { recordLine } from '#server/ledger/pack/record-line.ts';
import { verifyInclusion } from '#server/ledger/proof.ts';
import { formatTlogProof } from '#server/ledger/tlog-proof.ts';
import { sha256 } from '#server/sha256.ts';
import { builder, ON_PAGE } from './builder.ts';
import { cosignaturesOf, newestCheckpoint, newestCosigned, PROOF_READERS } from './checkpoints.ts';
import type { AppContext } from './context.ts';
import { cosignedNote } from './cosigned-note.ts';
import { base64 } from './encodings.ts';
import {
  type Consistency,
  type Inclusion,
  proveConsistency,
  proveInclusion,
  refuseSize,
} from './inclusion.ts';
import { ledgerSize, openLedger } from './ledger.ts';
import { RecordType } from './record.ts';
import { type StoredRecord, sectionsOf } from './record-content.ts';

const ANY = { anyScope: PROOF_READERS } as const;
/** Costs up to three tiles and their inner nodes, some 0.5 ms. */
const PROOF_COMPLEXITY = 50;

const InclusionProof = builder.objectRef<Inclusion>('InclusionProof').implement({
  description: 'Proof that a record is in the tree of the first `size` records (RFC 6962 section 2.1.1).',
  authScopes: ANY,
  fields: (t) => ({
    index: t.field({
      type: 'SafeInt',
      description: '0-based position of the record.',
      resolve: ({ index }) => index,
    }),
    size: t.field({
      type: 'SafeInt',
      description: 'Number of records in the tree.',
      resolve: ({ size }) => size,
    }),
    hashes: t.stringList({
      description: "The path, base64, leaf's sibling first: at most one for each binary digit of the size.",
      complexity: ON_PAGE,
      resolve: ({ hashes }) => [...hashes],
    }),
    root: t.exposeString('root', { description: 'Root of that tree, base64: where the path leads to.' }),
  }),
});

const ConsistencyProof = builder.objectRef<Consistency>('ConsistencyProof').implement({
  description:
    'Proof that the tree of the first `to` records begins with that of the first `from` (RFC 6962 section ' +
    '2.1.2): nothing was changed or taken away in between.',
  authScopes: ANY,
  fields: (t) => ({
    from: t.field({
      type: 'SafeInt',
      description: 'Number of records in the smaller tree.',
      resolve: ({ from }) => from,
    }),
    to: t.field({
      type: 'SafeInt',
      description: 'Number of records in the larger tree.',
      resolve: ({ to }) => to,
    }),
    hashes: t.stringList({
      description: 'The proof, base64; empty between equal trees and from the empty one.',
      complexity: ON_PAGE,
      resolve: ({ hashes }) => [...hashes],
    }),
    fromRoot: t.exposeString('fromRoot', { description: 'Root of the smaller tree, base64.' }),
    toRoot: t.exposeString('toRoot', { description: 'Root of the larger tree, base64.' }),
  }),
});

const SCOPES = 'Needs any of the scopes records:read, ledgers:verify.';

builder.queryField('inclusionProof', (t) =>
  t.field({
    type: InclusionProof,
    nullable: true,
    description:
      'Proof that a record is in the ledger; null for an index that is not below the size. ' +
      `${SCOPES} Errors: LEDGER_NOT_FOUND; BAD_USER_INPUT for a size that is larger than the ledger's.`,
    authScopes: ANY,
    complexity: PROOF_COMPLEXITY,
    args: {
      ledger: t.arg.id({ required: true, description: "The ledger's id." }),
      index: t.arg({ type: 'SafeInt', required: true, description: '0-based position of the record.' }),
      size: t.arg({
        type: 'SafeInt',
        description: 'In the tree of so many records, e.g. of a checkpoint; of all unless given.',
      }),
    },
    resolve: async (_root, { ledger: id, index, size: given }, ctx) => {
      const { no: ledgerNo } = await openLedger(ctx, id);
      const size = await sizeOf(ctx, ledgerNo, given, 'size');
      if (index < 0) {
        throw new AppError('BAD_USER_INPUT', { message: 'index is below 0.', path: ['index'] });
      }
      return index < size ? await proveInclusion(ctx, { ledgerNo, index, size, ledgerSize: size }) : null;
    },
  }),
);

builder.queryField('consistencyProof', (t) =>
  t.field({
    type: ConsistencyProof,
    nullable: true,
    description:
      `Proof that a ledger only grew between two sizes. ${SCOPES} Errors: LEDGER_NOT_FOUND; BAD_USER_INPUT ` +
      "where `from` is larger than `to`, or `to` than the ledger's size.",
    authScopes: ANY,
    complexity: PROOF_COMPLEXITY,
    args: {
      ledger: t.arg.id({ required: true, description: "The ledger's id." }),
      from: t.arg({ type: 'SafeInt', required: true, description: 'Size of the smaller tree.' }),
      to: t.arg({ type: 'SafeInt', description: 'Size of the larger tree; of all records unless given.' }),
    },
    resolve: async (_root, { ledger: id, from, to: given }, ctx) => {
      const { no: ledgerNo } = await openLedger(ctx, id);
      const to = await sizeOf(ctx, ledgerNo, given, 'to');
      if (from < 0 || from > to) {
        const message = `from is ${from}; it must be from 0 to ${to}.`;
        throw new AppError('BAD_USER_INPUT', { message, path: ['from'] });
      }
      return await proveConsistency(ctx, ledgerNo, { from, to });
    },
  }),
);

builder.objectFields(RecordType, (t) => ({
  proof: t.field({
    type: InclusionProof,
    description:
      "Proof that it is in its ledger. Errors: BAD_USER_INPUT for a size that is larger than the ledger's " +
      'or not larger than the index.',
    complexity: PROOF_COMPLEXITY,
    args: {
      size: t.arg({
        type: 'SafeInt',
        description: 'In the tree of so many records, e.g. of a checkpoint; of all unless given.',
      }),
    },
    resolve: ({ ledgerNo, index }, { size }, ctx) =>
      proveInclusion(ctx, { ledgerNo, index: Number(index), size: size ?? null }),
  }),
  tlogProof: t.string({
    description:
      'The record as a file that proves itself (C2SP tlog-proof): its path to the newest checkpoint with ' +
      'all cosignatures, and in the extra line its entry and every section that is there, with its salt. ' +
      'Needs the scope records:reveal besides records:read; who asked is recorded in the ledger `system`. ' +
      'Errors: CHECKPOINT_PENDING where no checkpoint covers it yet.',
    authScopes: { scope: 'records:reveal' },
    complexity: PROOF_COMPLEXITY,
    resolve: (record, _args, ctx) => tlogProofOf(ctx, record),
  }),
}));

async function sizeOf(
  ctx: AppContext,
  ledgerNo: number,
  given: number | null | undefined,
  argument: string,
): Promise<number> {
  const now = await ledgerSize(ctx, ledgerNo);
  const size = given ?? now;
  const refusal = refuseSize(size, now, argument);
  if (refusal !== null) throw refusal;
  return size;
}

async function tlogProofOf(ctx: AppContext, record: StoredRecord): Promise<string> {
  const { ledger, ledgerNo } = record;
  const index = Number(record.index);
  const checkpoint = await coveringCheckpoint(ctx, record);
  const size = Number(checkpoint.size);
  // The ledger has at least what its checkpoint covers.
  const { hashes } = await proveInclusion(ctx, { ledgerNo, index, size, ledgerSize: size });
  const claim = { index, size, leafHash: base64(record.leafHash), hashes, root: base64(checkpoint.root) };
  // Such a file would convince nobody: better that it is heard of here.
  if (!verifyInclusion(sha256, claim)) throw new Error(`Record ${index} is not under the root of ${size}.`);
  const note = cosignedNote(checkpoint, await cosignaturesOf(ctx, checkpoint));
  const sections = sectionsOf(record).flatMap(({ name, content }) =>
    content === null ? [] : [[name, { salt: content.salt, json: content.json }] as const],
  );
  // Salts leave the appliance only after it is recorded who got them.
  await ctx.revealed(ledger.id, [index]);
  const line = recordLine({ entry: record.entry, sections: new Map(sections), proof: null });
  return formatTlogProof({ extra: base64(encoder.encode(line)), index, hashes, checkpoint: note });
}

/**
 * The newest checkpoint that covers the record; one that a witness cosigned convinces more than a newer one.
 */
async function coveringCheckpoint(ctx: AppContext, { ledgerNo, index }: StoredRecord) {
  for (const read of [newestCosigned, newestCheckpoint]) {
    const checkpoint = await read(ctx, ledgerNo);
    if (checkpoint !== 'NONE' && checkpoint.size > index) return checkpoint;
  }
  throw new AppError('CHECKPOINT_PENDING');
}

const encoder = new TextEncoder();

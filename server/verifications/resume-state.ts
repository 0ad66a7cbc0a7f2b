import { z } from 'zod';
import { type Break, BREAK_KINDS } from '#server/ledger/break.ts';
import type { WalkState } from '#server/ledger/ledger-walk.ts';

const count = z.int().nonnegative();
const hashes = z.array(z.string());

const walk = z.object({
  next: count,
  prev: z.string().nullable(),
  recordedAt: z.int().nullable(),
  treeKnown: z.boolean(),
  tree: z.object({
    size: count,
    frontier: hashes,
    edge: hashes,
    spoiled: z.array(z.tuple([count, z.array(count)])),
  }),
  checkpoints: z.object({
    after: z.number().nullable(),
    createdAt: z.int(),
    ahead: z
      .object({ note: z.string(), size: z.number(), root: z.string(), createdAt: z.number() })
      .nullable(),
  }),
});

const state = z.object({
  version: z.literal(1),
  ledger: z.string(),
  from: count.nullable(),
  to: count.nullable(),
  size: count,
  root: z.string(),
  phase: z.enum(['RECORDS', 'INDEX']),
  checked: count,
  breaks: z.array(z.object({ kind: z.enum(BREAK_KINDS), index: count.nullable(), message: z.string() })),
  breakCount: count,
  /** `null` behind the records, and in a verification of a range. */
  walk: walk.nullable(),
  /** First record that is not looked at yet, in the phase. */
  next: count,
  indexChecked: count,
  notChecked: z.array(z.string()),
  unknownCosignatures: count,
});

/** All that another process needs to go on with a verification: plain data. */
export type ResumeState = Omit<z.infer<typeof state>, 'walk' | 'breaks'> & {
  readonly walk: WalkState | null;
  readonly breaks: readonly Break[];
};

/** Reads what was kept of an earlier run; `null` where there is nothing of use, and all begins anew. */
export function readResumeState(value: unknown): ResumeState | null {
  const read = state.safeParse(value);
  return read.success ? read.data : null;
}

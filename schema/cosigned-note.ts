import type { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import { addSignatureLines } from '#server/ledger/cosignature.ts';

/** What a witness added to a checkpoint. */
export interface StoredCosignature {
  readonly size: bigint;
  /** Name of the witness's key. */
  readonly witness: string;
  readonly vkey: string;
  /** The signature line with its newline. */
  readonly line: string;
}

/** A checkpoint as it is stored, so much of it as its note needs. */
export interface StoredNote {
  readonly ledgerNo: number;
  readonly size: bigint;
  readonly note: string;
}

/**
 * The cosignatures of checkpoints of one ledger, by the checkpoint's size; always in the same order. A size
 * without any is missing.
 *
 * @param sizes at most a page of them
 */
export async function readCosignatures(
  db: Pick<PrismaClient, 'cosignature'>,
  ledgerNo: number,
  sizes: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly StoredCosignature[]>> {
  const rows = await db.cosignature.findMany({
    where: { ledgerNo, size: { in: [...new Set(sizes)] } },
    select: { size: true, witness: true, vkey: true, line: true },
    orderBy: [{ size: 'asc' }, { witness: 'asc' }, { keyId: 'asc' }],
  });
  return Map.groupBy(rows, ({ size }) => size);
}

/** The note of a checkpoint as it is handed out: the ledger's signature, then those of witnesses. */
export async function readCosignedNote(
  db: Pick<PrismaClient, 'cosignature'>,
  checkpoint: StoredNote,
): Promise<string> {
  const bySize = await readCosignatures(db, checkpoint.ledgerNo, [checkpoint.size]);
  return cosignedNote(checkpoint, bySize.get(checkpoint.size) ?? []);
}

/** The note of a checkpoint with the lines of its cosignatures. */
export function cosignedNote(
  { note }: Pick<StoredNote, 'note'>,
  cosignatures: readonly StoredCosignature[],
): string {
  if (cosignatures.length === 0) return note;
  return addSignatureLines(
    note,
    cosignatures.map(({ line }) => line),
  );
}

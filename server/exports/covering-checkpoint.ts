import { AppError } from '#server/errors.ts';
import { addSignatureLines } from '#server/ledger/cosignature.ts';
import { encodeBase64 } from '#server/ledger/base64.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';

/** The checkpoint that the proofs of a pack lead to. */
export interface CoveringCheckpoint {
  readonly size: number;
  readonly root: Hash;
  /** With the cosignatures of witnesses. */
  readonly note: string;
}

export interface CoveringDeps {
  readonly archive: Pick<LedgerArchive, 'checkpointUpTo' | 'cosignatures'>;
  /** Whether witnesses are asked to cosign: then one of theirs is worth a wait. */
  readonly hasWitnesses: boolean;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Pause between two looks, in ms. */
const LOOK_MS = 200;
/** Checkpoints follow records within a second or two. */
const CHECKPOINT_LOOKS_MAX = 150;
/** Witnesses are asked every two seconds; one that cannot be reached must not hold an export up. */
const COSIGNATURE_LOOKS_MAX = 30;

/**
 * The newest checkpoint that covers the first `size` records; where witnesses are asked, the newest one that
 * has been cosigned, if there is one. Waits a while for it.
 *
 * @throws AppError EXPORT_NOT_READY where none comes; STORAGE_UNAVAILABLE; the signal's reason
 */
export async function coveringCheckpoint(
  { archive, hasWitnesses, wait, signal }: CoveringDeps,
  ledgerNo: number,
  size: number,
): Promise<CoveringCheckpoint> {
  for (let looks = 0, covered = 0; ; looks++) {
    const newest = await archive.checkpointUpTo(ledgerNo, Number.MAX_SAFE_INTEGER);
    const covers = newest !== null && newest.size >= size;
    if (covers) {
      const cosigned = (await archive.cosignatures(ledgerNo, size - 1, newest.size)).at(-1);
      const isEnough = cosigned !== undefined || !hasWitnesses || covered >= COSIGNATURE_LOOKS_MAX;
      if (isEnough) return await readCheckpoint(archive, ledgerNo, cosigned?.size ?? newest.size);
      covered += 1;
    } else if (looks >= CHECKPOINT_LOOKS_MAX) {
      throw new AppError('EXPORT_NOT_READY', {
        message: `No checkpoint covers the ${size} records of the ledger: the log says why none is signed.`,
      });
    }
    await wait(LOOK_MS, signal);
  }
}

async function readCheckpoint(
  archive: CoveringDeps['archive'],
  ledgerNo: number,
  size: number,
): Promise<CoveringCheckpoint> {
  const checkpoint = await archive.checkpointUpTo(ledgerNo, size);
  if (checkpoint?.size !== size) throw new Error(`The checkpoint of ${size} records is gone.`);
  const lines = (await archive.cosignatures(ledgerNo, size - 1, size)).map(({ line }) => line);
  return {
    size,
    root: encodeBase64(checkpoint.root) as Hash,
    note: addSignatureLines(checkpoint.note, lines),
  };
}

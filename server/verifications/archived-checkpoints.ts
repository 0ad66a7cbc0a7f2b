import type { StoredCheckpoint } from '#server/ledger/checkpoint-check.ts';
import { parseWitnessVkey, verifyCosignature } from '#server/ledger/cosignature.ts';
import { namedKeyId } from '#server/ledger/note.ts';
import type { ArchivedCosignature } from '#server/ports/ledger-archive.ts';
import { base64Of } from './base64-of.ts';
import type { Run } from './run.ts';

/** Checkpoints that are read at once. */
const PAGE = 500;

/**
 * The checkpoints of the ledger behind the size `after`, in order of their column `size`; cosignatures are
 * verified on the way, those of a checkpoint before it is given.
 */
export async function* archivedCheckpoints(run: Run, after: number): AsyncGenerator<StoredCheckpoint> {
  const { archive } = run.deps;
  for (let last = after; ; ) {
    await run.pause();
    const page = await archive.checkpoints(run.ledger.no, last, PAGE);
    const end: unknown = page.at(-1)?.size;
    // A size that is no number cannot be gone on from; it sorts behind all that are.
    const next = page.length === PAGE && typeof end === 'number' ? end : null;
    const cosignatures = await archive.cosignatures(run.ledger.no, last, next ?? Number.POSITIVE_INFINITY);
    const notes = new Map<unknown, unknown>(page.map(({ size, note }) => [size, note]));
    let at = 0;
    for (const { size, root, note, createdAt } of page) {
      for (let one = cosignatures[at]; one !== undefined && one.size <= size; one = cosignatures[(at += 1)]) {
        await verifyCosignatureOf(run, one, notes);
      }
      yield { size, root: base64Of(root), note, createdAt };
    }
    for (const one of cosignatures.slice(at)) await verifyCosignatureOf(run, one, notes);
    if (next === null) return;
    last = next;
  }
}

async function verifyCosignatureOf(
  run: Run,
  cosignature: ArchivedCosignature,
  notes: ReadonlyMap<unknown, unknown>,
): Promise<void> {
  const note = notes.get(cosignature.size) ?? (await noteOf(run, cosignature.size));
  if (note === null) reportLost(run, cosignature);
  else verifyOne(run, cosignature, note);
}

/** A cosignature may have come after the checkpoints were read, and its checkpoint too. */
async function noteOf({ deps, ledger }: Run, size: unknown): Promise<string | null> {
  if (typeof size !== 'number') return null;
  if (!Number.isSafeInteger(size)) return null;
  const found = await deps.archive.checkpointUpTo(ledger.no, size);
  return found?.size === size ? found.note : null;
}

function reportLost(run: Run, { size, witness }: ArchivedCosignature): void {
  run.breaks.add('ROLLED_BACK', null, `${witness} cosigned a checkpoint of size ${size}; it is gone`);
}

function verifyOne(run: Run, { vkey, line, witness, keyId, size }: ArchivedCosignature, note: unknown): void {
  const { sha256, verifiers, witnessVkeys } = run.deps;
  const bad = (problem: string): void => {
    run.breaks.add('SIGNATURE_INVALID', null, `a cosignature of the checkpoint of size ${size}: ${problem}`);
  };
  if (typeof vkey !== 'string' || typeof line !== 'string' || typeof note !== 'string') {
    bad('it is no text');
    return;
  }
  const key = parseWitnessVkey(sha256, vkey);
  if ('problem' in key) {
    bad(key.problem);
    return;
  }
  if (key.name !== witness || namedKeyId(vkey) !== keyId) bad('its columns are not those of its key');
  const result = verifyCosignature(sha256, verifiers, note, line, vkey);
  if (result.verdict === 'INVALID') bad(result.problem);
  else if (result.verdict === 'UNKNOWN_ALGORITHM')
    run.notChecked.add(`${key.name}: cosignatures of this kind`);
  else if (!witnessVkeys.includes(vkey)) run.unknownCosignatures += 1;
}

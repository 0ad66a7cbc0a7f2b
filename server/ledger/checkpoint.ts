import { type Hash, isHash, type Sha256 } from './hash.ts';
import {
  keyIdOf,
  type Problem,
  parseNote,
  parseVkey,
  type SignEd25519,
  signNote,
  type VerifyEd25519,
  verifyNote,
} from './note.ts';

export type { VerifyEd25519 } from './note.ts';

/** What a checkpoint says of a ledger (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** A checkpoint whose signature was verified, or why it is none. */
export type OpenedCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly problem: string };

const SIZE_PATTERN = /^(?:0|[1-9]\d{0,15})$/;

/** The text that is signed: origin, size and root, each on its line. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root}\n`;
}

/** The signed note of a checkpoint; the key's name is the origin. */
export function signCheckpoint(
  sha256: Sha256,
  checkpoint: Checkpoint,
  publicKey: Uint8Array,
  sign: SignEd25519,
): string {
  const { origin } = checkpoint;
  return signNote(checkpointText(checkpoint), origin, keyIdOf(sha256, origin, publicKey), sign);
}

/**
 * Reads what a note says as a checkpoint, its signatures not verified. Extension lines are allowed. Never
 * throws.
 */
export function readCheckpoint(note: string): Checkpoint | Problem {
  const parsed = parseNote(note);
  return 'problem' in parsed ? parsed : readCheckpointText(parsed.text);
}

/** Reads the signed text of a note, which ends in a newline, as a checkpoint. Never throws. */
export function readCheckpointText(text: string): Checkpoint | Problem {
  const lines = text.slice(0, -1).split('\n');
  const [origin = '', size = '', root = ''] = lines;
  if (lines.includes('')) return { problem: 'a line of the checkpoint is empty' };
  if (lines.length < 3) return { problem: 'a checkpoint has at least three lines' };
  if (!SIZE_PATTERN.test(size) || !Number.isSafeInteger(Number(size))) {
    return { problem: 'the size is not a whole number up to 2^53−1' };
  }
  if (!isHash(root)) return { problem: 'the root is not a hash' };
  return { origin, size: Number(size), root };
}

/** Reads and verifies a checkpoint with a verifier key whose name must be the origin. Never throws. */
export function openCheckpoint(
  sha256: Sha256,
  verify: VerifyEd25519,
  note: string,
  vkey: string,
): OpenedCheckpoint {
  const key = parseVkey(sha256, vkey);
  if ('problem' in key) return { ok: false, problem: `the verifier key: ${key.problem}` };
  const verified = verifyNote(note, [key], verify);
  if ('problem' in verified) return { ok: false, problem: verified.problem };
  const checkpoint = readCheckpointText(verified.text);
  if ('problem' in checkpoint) return { ok: false, problem: checkpoint.problem };
  if (checkpoint.origin !== key.name) return { ok: false, problem: 'the origin is not the name of the key' };
  return { ok: true, checkpoint };
}

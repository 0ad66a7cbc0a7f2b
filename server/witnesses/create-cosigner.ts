import { AppError } from '#server/errors.ts';
import { type Checkpoint, readCheckpoint } from '#server/ledger/checkpoint.ts';
import { addSignatureLines, makeCosignature } from '#server/ledger/cosignature.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import {
  formatNote,
  type Note,
  type NoteSignature,
  parseNote,
  parseVkey,
  signatureLine,
  type VerifyEd25519,
  type Vkey,
  verifyNote,
} from '#server/ledger/note.ts';
import { verifyConsistency } from '#server/ledger/proof.ts';
import type { WitnessKey } from '#server/ports/witness-key.ts';
import type { WitnessedCheckpoint, WitnessStore } from '#server/ports/witness-store.ts';
import { readSubmission, type Submission } from './read-submission.ts';

export interface CosignerDeps {
  /** Verifier keys of the logs that are watched; several of one origin are all trusted for it. */
  readonly logs: readonly string[];
  readonly keys: readonly WitnessKey[];
  readonly store: WitnessStore;
  readonly sha256: Sha256;
  readonly verify: VerifyEd25519;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** What `add-checkpoint` answers, by its HTTP status (C2SP tlog-witness). */
export type CosignerAnswer =
  | { readonly status: 200; readonly lines: readonly string[] }
  /** The witness is at another size than the request starts from. */
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string };

/** A witness: cosigns what is consistent with all that it cosigned before. */
export interface Cosigner {
  /** @param body of the request. Errors: STORAGE_UNAVAILABLE. */
  addCheckpoint(body: string): Promise<CosignerAnswer>;
  /**
   * The latest checkpoint with its cosignatures; `null` for a log that is not watched or was never cosigned.
   *
   * @param originHash SHA-256 of the log's origin in lower-case hex. Errors: STORAGE_UNAVAILABLE.
   */
  latest(originHash: string): Promise<string | null>;
}

/** A name must fit where ML-DSA cosignatures have one byte for its length. */
const NAME_BYTES_MAX = 255;
/** How long a checkpoint that is sent again gets the cosignature that it has: anyone may send it again. */
export const REPEAT_MS = 60_000;
/** How often one request starts again because another one was faster. */
const TRIES_MAX = 3;

/**
 * Makes a witness for some logs and no others.
 *
 * @throws AppError CONFIG_INVALID where a verifier key is none, or a name is longer than 255 bytes
 */
export function createCosigner(deps: CosignerDeps): Cosigner {
  const keysOf = Map.groupBy(deps.logs.map(readLog), ({ name }) => name);
  function readLog(vkey: string): Vkey {
    const key = parseVkey(deps.sha256, vkey);
    if ('problem' in key) throw invalid(`${vkey} is not a log's verifier key: ${key.problem}.`);
    checkName(key.name);
    return key;
  }
  for (const { name } of deps.keys) checkName(name);
  const originOf = new Map([...keysOf.keys()].map((origin) => [originHash(deps.sha256, origin), origin]));
  return {
    addCheckpoint: (body) => addCheckpoint(deps, keysOf, body),
    async latest(hash) {
      const origin = originOf.get(hash);
      const found = origin === undefined ? null : await deps.store.latest(origin);
      return found?.note ?? null;
    },
  };
}

/** The name of an origin in the path of a witness's copy: its SHA-256 in lower-case hex. */
export function originHash(sha256: Sha256, origin: string): string {
  return Buffer.from(sha256(new TextEncoder().encode(origin)), 'base64').toString('hex');
}

function checkName(name: string): void {
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw invalid(`${name} has over ${NAME_BYTES_MAX} bytes.`);
}

function invalid(message: string): AppError {
  return new AppError('CONFIG_INVALID', { message });
}

async function addCheckpoint(
  deps: CosignerDeps,
  keysOf: ReadonlyMap<string, readonly Vkey[]>,
  body: string,
): Promise<CosignerAnswer> {
  const submission = readSubmission(body);
  if ('problem' in submission) return { status: 400, reason: submission.problem };
  const checkpoint = readCheckpoint(submission.note);
  if ('problem' in checkpoint) return { status: 400, reason: `The checkpoint: ${checkpoint.problem}.` };
  const keys = keysOf.get(checkpoint.origin);
  if (!keys) return { status: 404, reason: 'This log is not known here.' };
  const signed = keepSignatures(submission.note, keys);
  const verified = verifyNote(formatNote(signed), keys, deps.verify);
  if ('problem' in verified) return { status: 403, reason: `The checkpoint: ${verified.problem}.` };
  if (submission.oldSize > checkpoint.size) {
    return { status: 400, reason: 'The old size is larger than the checkpoint.' };
  }
  const ofLog = formatNote({ ...signed, signatures: oneOfEachKey(signed.signatures) });
  for (let tries = 0; ; tries++) {
    const before = await deps.store.latest(checkpoint.origin);
    const size = before?.size ?? 0;
    if (size !== submission.oldSize || tries === TRIES_MAX) return { status: 409, size };
    const reason = contradiction(deps.sha256, before, checkpoint, submission);
    if (reason !== null) return { status: 422, reason };
    const given = before === null ? null : repeat(deps, before, signed.text);
    if (given !== null) return { status: 200, lines: given };
    const lines = cosign(deps, signed.text, Math.floor(deps.now() / 1000));
    const note = addSignatureLines(ofLog, lines);
    // The cosignature leaves only when this is durable. Crash before it: nothing was cosigned. After it: the
    // log learns from the next request's 409 how far this witness is.
    const { origin, root } = checkpoint;
    const advanced = { origin, size: checkpoint.size, root, note, at: deps.now() };
    if (await deps.store.advance(size, advanced)) return { status: 200, lines };
  }
}

/** Why the checkpoint does not follow from the one before, or `null` where it does. */
function contradiction(
  sha256: Sha256,
  before: WitnessedCheckpoint | null,
  { size, root }: Checkpoint,
  { proof }: Submission,
): string | null {
  if (size === 0 && root !== sha256(new Uint8Array(0))) return 'A log of size 0 has another root.';
  const from = before?.size ?? 0;
  if (from === 0) return proof.length === 0 ? null : 'From size 0 there is no proof.';
  const proven = verifyConsistency(sha256, {
    from,
    to: size,
    fromRoot: before?.root ?? '',
    toRoot: root,
    hashes: proof,
  });
  if (proven) return null;
  return from === size
    ? 'The root of this size is not the one that was cosigned.'
    : 'The proof does not lead from the checkpoint that was cosigned to this one.';
}

/**
 * The note with the signatures of these keys alone: what this witness did not verify it does not hand on. A
 * line that is there again is left out: anyone may copy one, and verifying costs more than copying.
 */
function keepSignatures(note: string, keys: readonly Vkey[]): Note {
  const parsed = parseNote(note);
  if ('problem' in parsed) throw new RangeError(parsed.problem);
  const own = parsed.signatures.filter((line) => keys.some((key) => isOf(line, key)));
  const byLine = new Map(own.map((line) => [signatureLine(line), line]));
  return { text: parsed.text, signatures: [...byLine.values()] };
}

/** A key can sign one text in many ways: with all of them there would be no room for the cosignatures. */
function oneOfEachKey(signatures: readonly NoteSignature[]): readonly NoteSignature[] {
  return signatures.filter((line, at) => signatures.findIndex((other) => isOf(other, line)) === at);
}

function isOf(line: NoteSignature, key: Pick<Vkey, 'name' | 'keyId'>): boolean {
  return line.name === key.name && line.keyId === key.keyId;
}

/** The cosignatures that this same text was given just now; `null` where it must be cosigned. */
function repeat(
  { keys, now }: CosignerDeps,
  { note, at }: WitnessedCheckpoint,
  text: string,
): readonly string[] | null {
  const parsed = parseNote(note);
  if ('problem' in parsed || parsed.text !== text || Math.abs(now() - at) >= REPEAT_MS) return null;
  const lines = keys.flatMap((key) => {
    const line = parsed.signatures.find((signature) => isOf(signature, key));
    return line === undefined ? [] : [signatureLine(line)];
  });
  return lines.length === keys.length ? lines : null;
}

function cosign({ keys }: CosignerDeps, text: string, timestamp: number): readonly string[] {
  return keys.map(({ name, keyId, algorithm, sign }) =>
    makeCosignature({ algorithm, name, text, timestamp }, keyId, sign),
  );
}

import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { verifyEd25519 } from '#server/ed25519.ts';
import { encodeBase64 } from '#server/ledger/base64.ts';
import type { Entry } from '#server/ledger/entry.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { checkPack } from '#server/ledger/pack/check-pack.ts';
import type { Manifest } from '#server/ledger/pack/manifest.ts';
import type { CheckOptions, CheckOutcome, PackBreak } from '#server/ledger/pack/pack-outcome.ts';
import type { PackPlatform, PackSource } from '#server/ledger/pack/pack-platform.ts';
import type { PackRecord } from '#server/ledger/pack/record-line.ts';
import { checkTlogProof, TLOG_PROOF_LENGTH_MAX } from '#server/ledger/tlog-proof.ts';
import { createBreather } from './breather.ts';
import type { EvidenceFile } from './evidence-file.ts';
import { inflate } from './inflate.ts';
import { createRecordWindow, type RecordWindow } from './record-window.ts';

/** What the reader brings along. */
export interface Reader {
  /** The verifier key that was got elsewhere; `null`: none. */
  readonly vkey: string | null;
  /** Keys of witnesses, each of which must have cosigned. */
  readonly witnesses: readonly string[];
}

/** How far it is. */
export interface Progress {
  readonly checked: number;
  readonly total: number;
  readonly breakCount: number;
}

/** What came of a file. */
export interface Verdict {
  readonly kind: 'PACK' | 'PROOF';
  readonly outcome: CheckOutcome;
  readonly manifest: Manifest | null;
  readonly records: RecordWindow;
}

export interface Verification {
  readonly reader: Reader;
  /** Place of the first record that is kept to be read. */
  readonly keepFrom: number;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

const PROOF_START = 'c2sp.org/tlog-proof@';

export function sha256(bytes: Uint8Array): Hash {
  return encodeBase64(nobleSha256(bytes)) as Hash;
}

const PLATFORM: PackPlatform = { sha256, verify: { ed25519: verifyEd25519 }, inflate };

/**
 * Verifies an evidence pack or a proof on its own, told apart by how it begins, in memory that does not grow
 * with the file. Rejects where the file cannot be read, or the signal ends it.
 */
export async function verifyFile(file: EvidenceFile, verification: Verification): Promise<Verdict> {
  const { reader, keepFrom, onProgress, signal } = verification;
  // Without it every pack would look broken.
  if (!('DecompressionStream' in globalThis))
    throw new Error('This browser cannot read ZIP files: a newer one can.');
  const start = new TextDecoder('latin1').decode(
    await readSlice(file, 0, Math.min(PROOF_START.length, file.size)),
  );
  const keeper = createRecordWindow(keepFrom);
  const options = {
    vkey: reader.vkey,
    witnesses: reader.witnesses,
    seen: [],
    onProgress,
    onRecord: (record: PackRecord, entry: Entry | null, breaks: readonly PackBreak[]) =>
      keeper.add({ record, entry, breaks }),
    signal,
  };
  if (start === PROOF_START) return verifyProof(file, options, keepFrom);
  const { manifest, ...outcome } = await checkPack(PLATFORM, sourceOf(file), options);
  return { kind: 'PACK', outcome, manifest, records: keeper.window() };
}

async function verifyProof(file: EvidenceFile, options: CheckOptions, keepFrom: number): Promise<Verdict> {
  if (file.size > TLOG_PROOF_LENGTH_MAX) throw new Error('The file is larger than a proof can be.');
  const bytes = await readSlice(file, 0, file.size);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error('The file is not UTF-8 text, as a proof is.', { cause: error });
  }
  const { entry, record, ...outcome } = checkTlogProof(PLATFORM, text, options);
  const keeper = createRecordWindow(keepFrom);
  if (record !== null) keeper.add({ record, entry, breaks: outcome.breaks });
  return { kind: 'PROOF', outcome, manifest: null, records: keeper.window() };
}

function sourceOf(file: EvidenceFile): PackSource {
  const breathe = createBreather();
  return {
    size: file.size,
    async read(at, length) {
      await breathe();
      return readSlice(file, at, length);
    },
  };
}

async function readSlice(file: EvidenceFile, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.slice(at, at + length).arrayBuffer());
  if (bytes.length !== length) throw new Error('The file became shorter while it was read.');
  return bytes;
}

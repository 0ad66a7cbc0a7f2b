import { decodeBase64 } from './base64.ts';
import { readCheckpoint } from './checkpoint.ts';
import type { Entry } from './entry.ts';
import { type Hash, isHash } from './hash.ts';
import { NOTE_LENGTH_MAX, type Problem } from './note.ts';
import { checkNote, seenOf } from './pack/note-check.ts';
import {
  type CheckOptions,
  type CheckOutcome,
  type NoteOutcome,
  type PackBreak,
  type RecordsOutcome,
  type SeenCheckpoint,
} from './pack/pack-outcome.ts';
import type { PackPlatform } from './pack/pack-platform.ts';
import {
  PROOF_LENGTH_MAX,
  type PackRecord,
  RECORD_LINE_BYTES_MAX,
  readRecordLine,
} from './pack/record-line.ts';
import { RecordsCheck, type ReportPackBreak } from './pack/records-check.ts';
import { forkMessage, uncheckedSentences } from './pack/unchecked.ts';

/** A proof on its own (C2SP tlog-proof). */
export interface TlogProof {
  /** Opaque bytes as base64, of this ledger a record's line without `proof`; `null`: none. */
  readonly extra: string | null;
  readonly index: number;
  /** Leaf's sibling first. */
  readonly hashes: readonly Hash[];
  /** The signed note. */
  readonly checkpoint: string;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const EXTRA = 'extra ';
const INDEX = 'index ';
const INDEX_PATTERN = /^(?:0|[1-9]\d{0,15})$/;
/** The longest file that is read, in UTF-16 code units. */
export const TLOG_PROOF_LENGTH_MAX = NOTE_LENGTH_MAX + (RECORD_LINE_BYTES_MAX / 3) * 4 + 10_000;

/** Writes a proof. Throws a `RangeError` where `readTlogProof` would not read it. */
export function formatTlogProof(proof: TlogProof): string {
  const { extra, index, hashes, checkpoint } = proof;
  const lines = [FIRST_LINE, ...(extra === null ? [] : [EXTRA + extra]), INDEX + index, ...hashes];
  const text = `${lines.join('\n')}\n\n${checkpoint}`;
  const read = readTlogProof(text);
  if ('problem' in read) throw new RangeError(`Not a proof: ${read.problem}`);
  return text;
}

/**
 * Takes a proof apart strictly, nothing of it verified. Says what is wrong with anything else; never
 * throws.
 */
export function readTlogProof(text: string): TlogProof | Problem {
  if (text.length > TLOG_PROOF_LENGTH_MAX) return { problem: 'the proof is too long' };
  const split = text.indexOf('\n\n');
  if (split === -1) return { problem: 'the proof has no checkpoint' };
  const lines = text.slice(0, split).split('\n', PROOF_LENGTH_MAX + 4);
  if (lines.shift() !== FIRST_LINE) return { problem: `the first line is not ${FIRST_LINE}` };
  const extra = lines[0]?.startsWith(EXTRA) ? (lines.shift()?.slice(EXTRA.length) ?? null) : null;
  if (extra !== null && decodeBase64(extra) === null) return { problem: 'the extra line is not base64' };
  const index = lines.shift() ?? '';
  const digits = index.startsWith(INDEX) ? index.slice(INDEX.length) : '';
  if (!INDEX_PATTERN.test(digits) || !Number.isSafeInteger(Number(digits))) {
    return { problem: 'there is no line with an index' };
  }
  if (lines.length > PROOF_LENGTH_MAX) return { problem: `it has more than ${PROOF_LENGTH_MAX} hashes` };
  if (!lines.every(isHash)) return { problem: 'a line of the path is not a hash' };
  const checkpoint = text.slice(split + 2);
  const read = readCheckpoint(checkpoint);
  if ('problem' in read) return { problem: `the checkpoint: ${read.problem}` };
  return { extra, index: Number(digits), hashes: lines, checkpoint };
}

/** What came of verifying a proof. */
export interface TlogProofOutcome extends CheckOutcome {
  /** What the record's entry says; `null` where it cannot be read. */
  readonly entry: Entry | null;
  readonly record: PackRecord | null;
}

/**
 * Verifies a proof of one of this ledger's records: the note's signature, the record in the extra line as
 * in a pack, and its path. A proof carries no verifier key: with none given or pinned its signature stays
 * unverified, and it is never `verified`. Whatever the text is, it gives an outcome; throws a `RangeError`
 * where there are more than `SEEN_MAX` checkpoints to compare with.
 */
export function checkTlogProof(
  platform: Pick<PackPlatform, 'sha256' | 'verify'>,
  text: string,
  options: CheckOptions,
): TlogProofOutcome {
  const breaks: PackBreak[] = [];
  const report: ReportPackBreak = (kind, index, message) => breaks.push({ kind, index, message });
  const proof = readTlogProof(text);
  if ('problem' in proof) {
    report('FILE_BROKEN', null, proof.problem);
    return outcomeOf(breaks, null, null, null, noRecords(options.seen));
  }
  const note = checkNote(platform, proof.checkpoint, options, null, report);
  const seen = seenOf(options, note.checkpoint?.origin ?? null);
  const record = readExtra(proof);
  if ('problem' in record) {
    report('ENTRY_MISMATCH', proof.index, record.problem);
    return outcomeOf(breaks, note, null, null, noRecords(seen));
  }
  const { checkpoint } = note;
  const context = { ledger: null, origin: checkpoint?.origin ?? null, tree: checkpoint, seen };
  const check = new RecordsCheck(platform.sha256, context, report);
  const entry = check.check(record);
  if (entry !== null && entry.index !== proof.index) {
    report('ENTRY_MISMATCH', entry.index, `the proof is of index ${proof.index}`);
  }
  const found = check.outcome();
  for (const { size, state } of found.seen) {
    if (state === 'DIFFERS') report('ROLLED_BACK', null, forkMessage(size, checkpoint?.size ?? null));
  }
  return outcomeOf(breaks, note, entry, record, found);
}

function readExtra({ extra, hashes }: TlogProof): PackRecord | Problem {
  if (extra === null) return { problem: 'there is no extra line with the record' };
  let line: string;
  try {
    line = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      decodeBase64(extra) ?? new Uint8Array(0),
    );
  } catch {
    return { problem: 'the extra line is not a record: it is not UTF-8' };
  }
  const record = readRecordLine(line);
  if ('problem' in record) return { problem: `the extra line is not a record: ${record.problem}` };
  if (record.proof !== null) return { problem: 'the record in the extra line has a proof of its own' };
  return { ...record, proof: hashes };
}

function noRecords(seen: readonly SeenCheckpoint[]): RecordsOutcome {
  const states = seen.map((one) => ({ ...one, state: 'UNKNOWN' as const }));
  return { checked: 0, firstIndex: null, lastIndex: null, disclosed: 0, absent: 0, links: 0, seen: states };
}

function outcomeOf(
  breaks: readonly PackBreak[],
  note: NoteOutcome | null,
  entry: Entry | null,
  record: PackRecord | null,
  found: RecordsOutcome,
): TlogProofOutcome {
  const trust = note?.trust ?? 'NONE';
  const outcome = { ...found, trust, breaks, breakCount: breaks.length, note } as const;
  const unchecked = uncheckedSentences(outcome);
  return { ...outcome, unchecked, entry, record, verified: breaks.length === 0 && trust !== 'NONE' };
}

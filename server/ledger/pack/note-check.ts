import { openCheckpoint, readCheckpoint } from '#server/ledger/checkpoint.ts';
import { parseWitnessVkey, verifyCosignature } from '#server/ledger/cosignature.ts';
import { formatNote, type NoteSignature, parseNote, parseVkey } from '#server/ledger/note.ts';
import {
  type CheckOptions,
  type NoteOutcome,
  SEEN_MAX,
  type SeenCheckpoint,
  type WitnessOutcome,
} from './pack-outcome.ts';
import type { PackPlatform } from './pack-platform.ts';
import type { ReportPackBreak } from './records-check.ts';

type Platform = Pick<PackPlatform, 'sha256' | 'verify'>;

/**
 * Verifies a signed checkpoint and the cosignatures of the witnesses that the verifier asks for. Reports
 * every problem, all of kind `SIGNATURE_INVALID`; never throws.
 *
 * @param inside the verifier key that came with the note, which is used where no better one is there
 */
export function checkNote(
  platform: Platform,
  note: string,
  options: CheckOptions,
  inside: string | null,
  report: ReportPackBreak,
): NoteOutcome {
  const { sha256, verify } = platform;
  const read = readCheckpoint(note);
  if ('problem' in read) {
    report('SIGNATURE_INVALID', null, `the checkpoint: ${read.problem}`);
    return { checkpoint: null, note, vkey: null, trust: 'NONE', witnesses: [], otherLines: 0 };
  }
  const pinned = options.pinOf?.(read.origin)?.vkey ?? null;
  if (options.vkey !== null && pinned !== null && options.vkey !== pinned) {
    report('SIGNATURE_INVALID', null, 'the verifier key given is not the one that was pinned before');
  }
  const vkey = options.vkey ?? pinned ?? inside;
  const opened = vkey === null ? null : openCheckpoint(sha256, verify.ed25519, note, vkey);
  if (opened !== null && !opened.ok) report('SIGNATURE_INVALID', null, `the checkpoint: ${opened.problem}`);
  const parsed = parseNote(note);
  const lines = 'problem' in parsed ? [] : parsed.signatures;
  const outcomes: WitnessOutcome[] = [];
  const known = new Set<string>();
  const key = vkey === null ? null : parseVkey(sha256, vkey);
  if (key !== null && !('problem' in key)) known.add(lineKey(key));
  for (const witness of new Set(options.witnesses)) {
    const witnessKey = parseWitnessVkey(sha256, witness);
    if (!('problem' in witnessKey)) known.add(lineKey(witnessKey));
    const outcome = checkWitness(platform, note, lines, witness);
    const { name, state, problem } = outcome;
    if (problem !== null) report('SIGNATURE_INVALID', null, `the witness ${name}: ${problem}`);
    outcomes.push({ vkey: witness, name, state, timestamp: outcome.timestamp });
  }
  const otherLines = lines.filter((line) => !known.has(lineKey(line))).length;
  const checked = { checkpoint: read, note, witnesses: outcomes, otherLines };
  if (opened?.ok !== true) return { ...checked, vkey: null, trust: 'NONE' };
  return { ...checked, vkey, trust: options.vkey !== null ? 'GIVEN' : pinned !== null ? 'PINNED' : 'SELF' };
}

/** A witness may have several lines, made at different times: each must verify, and one must be there. */
function checkWitness(
  { sha256, verify }: Platform,
  note: string,
  lines: readonly NoteSignature[],
  vkey: string,
): Omit<WitnessOutcome, 'vkey'> & { readonly problem: string | null } {
  const key = parseWitnessVkey(sha256, vkey);
  if ('problem' in key) {
    return { name: vkey, state: 'INVALID', timestamp: null, problem: `its verifier key: ${key.problem}` };
  }
  const { name } = key;
  let timestamp: number | null = null;
  let state: WitnessOutcome['state'] = 'ABSENT';
  for (const line of lines) {
    if (lineKey(line) !== lineKey(key)) continue;
    const verdict = verifyCosignature(sha256, verify, note, lineText(line), vkey);
    if (verdict.verdict === 'INVALID')
      return { name, state: 'INVALID', timestamp: null, problem: verdict.problem };
    if (verdict.verdict === 'UNKNOWN_ALGORITHM') {
      state = 'UNKNOWN_ALGORITHM';
      continue;
    }
    state = 'COSIGNED';
    timestamp = Math.max(timestamp ?? 0, verdict.timestamp);
  }
  return { name, state, timestamp, problem: state === 'ABSENT' ? 'it did not cosign the checkpoint' : null };
}

function lineKey({ name, keyId }: { readonly name: string; readonly keyId: string }): string {
  return `${name}+${keyId}`;
}

/** A signature line with its newline. */
function lineText(line: NoteSignature): string {
  return formatNote({ text: '', signatures: [line] }).slice(1);
}

/**
 * The checkpoints that one of this origin is compared with, given and remembered. Throws a `RangeError` where
 * they are more than `SEEN_MAX`.
 */
export function seenOf(options: CheckOptions, origin: string | null): readonly SeenCheckpoint[] {
  const pinned = origin === null ? null : (options.pinOf?.(origin) ?? null);
  const seen = [...options.seen, ...(pinned?.seen ?? [])];
  if (seen.length > SEEN_MAX) throw new RangeError(`More than ${SEEN_MAX} checkpoints to compare with`);
  return seen;
}

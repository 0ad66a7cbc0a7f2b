import { type Hash, isHash } from '#server/ledger/hash.ts';
import type { Problem } from '#server/ledger/note.ts';

/** The body of an `add-checkpoint` (C2SP tlog-witness). */
export interface Submission {
  readonly oldSize: number;
  readonly proof: readonly Hash[];
  /** The signed checkpoint; nothing of it is looked at. */
  readonly note: string;
}

/** Consistency proof lines in one request. */
export const PROOF_LINES_MAX = 63;

const OLD_SIZE_LINE = /^old (0|[1-9]\d{0,15})$/;

/** Takes a body apart without verifying anything. Never throws. */
export function readSubmission(body: string): Submission | Problem {
  const end = body.indexOf('\n\n');
  if (end === -1) return { problem: 'There is no empty line between the proof and the checkpoint.' };
  const [first = '', ...proof] = body.slice(0, end).split('\n');
  const oldSize = Number(OLD_SIZE_LINE.exec(first)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(oldSize)) return { problem: 'The first line is not `old` and a size.' };
  if (proof.length > PROOF_LINES_MAX) return { problem: `More than ${PROOF_LINES_MAX} proof lines.` };
  if (!proof.every(isHash)) return { problem: 'A proof line is not the base64 of 32 bytes.' };
  return { oldSize, proof, note: body.slice(end + 2) };
}

/** Writes what `readSubmission` reads. */
export function submissionText({ oldSize, proof, note }: Submission): string {
  return `${[`old ${oldSize}`, ...proof].join('\n')}\n\n${note}`;
}

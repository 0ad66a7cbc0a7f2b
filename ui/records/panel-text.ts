import { diffWordsWithSpace } from 'diff';
import { parseJson, toOutputJson } from '#server/ledger/json.ts';

/** A run of a text that was compared with another one. */
export interface WordRun {
  readonly text: string;
  readonly kind: 'SAME' | 'ADDED' | 'REMOVED';
}

/** Texts shorter than this are read whole. */
const WORDS_LENGTH_MIN = 40;
/** Longer ones are shown whole, too: comparing them would hold the page. */
const WORDS_LENGTH_MAX = 20_000;
const EDITS_MAX = 400;
const COMPARE_MS_MAX = 50;

/** Two texts compared by word; `null` where both are better shown whole. */
export function diffWords(before: string, after: string): readonly WordRun[] | null {
  const longest = Math.max(before.length, after.length);
  if (longest < WORDS_LENGTH_MIN || longest > WORDS_LENGTH_MAX) return null;
  const runs = diffWordsWithSpace(before, after, { maxEditLength: EDITS_MAX, timeout: COMPARE_MS_MAX });
  // Nothing in common is no help either.
  if (!runs?.some(({ added, removed, value }) => !added && !removed && value.trim() !== '')) return null;
  return runs.map(({ value, added, removed }) => ({
    text: value,
    kind: added ? 'ADDED' : removed ? 'REMOVED' : 'SAME',
  }));
}

/** JSON laid out to be read, every digit kept; the text itself where it is no JSON. */
export function prettyJson(json: string): string {
  try {
    return JSON.stringify(toOutputJson(parseJson(json)), null, 2);
  } catch {
    // Broken content is shown as it is.
    return json;
  }
}

/** The first part of a text, cut between whole characters. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const code = text.charCodeAt(max - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? max - 1 : max);
}

/** Bytes in hexadecimal, 32 a line, in groups of 4. */
export function hexText(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 32) {
    const digits = Array.from(bytes.subarray(at, at + 32), (byte) => byte.toString(16).padStart(2, '0'));
    lines.push(digits.join('').replace(/(.{8})(?=.)/g, '$1 '));
  }
  return lines.join('\n');
}

import { NARROW_FOLD } from './glob.ts';
import type { NarrowText } from './segment.ts';
import { WORD_CHARACTERS_MAX } from './words.ts';

/** Whether a text has a phrase; `null` where that cannot be told from its bytes alone. */
export type HasPhraseInBytes = (term: NarrowText) => boolean | null;

/** What a byte may be to words: it only separates, */
const SEPARATOR = 0;
/** it belongs to one, */
const IN_WORD = 1;
/** or neither is sure: a hyphen, which may be in a UUID, and whatever is not ASCII. */
const UNSURE = 2;
const HYPHEN = 45;
const ASCII_END = 128;

const CLASSES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === HYPHEN || byte >= ASCII_END) return UNSURE;
  return /\w/.test(String.fromCharCode(byte)) ? IN_WORD : SEPARATOR;
});

/** What comes of looking for something at a place. */
type Outcome = boolean | null;

/**
 * Bytes that may be compared for each byte of a text. A text in which the phrase begins again and again takes
 * more, up to as many as phrase and text have multiplied: whoever cuts it into words needs a single pass.
 */
const COMPARED_PER_BYTE = 8;

/** How much may still be compared. */
interface Budget {
  bytesLeft: number;
}

/**
 * Finds words that stand one directly after the other in the texts of terms, without cutting the texts into
 * words; with `isPrefix` the last one only begins a word. `null` where the words are not plain enough. Of a
 * text that takes too long nothing is told.
 *
 * A word of a text that has no hyphen beside it is no part of a UUID, so it is the run of letters that it
 * seems to be.
 */
export function createPhraseInBytes(words: readonly string[], isPrefix: boolean): HasPhraseInBytes | null {
  if (words.length === 0 || !words.every(isPlain)) return null;
  const phrase = words.map((word) => Uint8Array.from(word, (unit) => unit.charCodeAt(0)));
  const first = phrase[0]?.[0];
  return ({ bytes, length }) => {
    let outcome: Outcome = false;
    const budget: Budget = { bytesLeft: COMPARED_PER_BYTE * length };
    // Before the text there is its kind.
    for (let at = 1; at < length; at++) {
      if (NARROW_FOLD[bytes[at] ?? 0] !== first) continue;
      const before = at === 1 ? SEPARATOR : CLASSES[bytes[at - 1] ?? 0];
      if (before === IN_WORD) continue;
      const here = before === UNSURE ? null : hasAt(bytes, at, length, phrase, isPrefix, budget);
      if (here === true) return true;
      if (budget.bytesLeft < 0) return null;
      if (here === null) outcome = null;
    }
    return outcome;
  };
}

function isPlain(word: string): boolean {
  return /^\w+$/.test(word) && word.length < WORD_CHARACTERS_MAX;
}

/** Whether the phrase stands at this place, at which a word begins. */
function hasAt(
  bytes: Uint8Array,
  start: number,
  length: number,
  phrase: readonly Uint8Array[],
  isPrefix: boolean,
  budget: Budget,
): Outcome {
  let at = start;
  for (let order = 0; order < phrase.length; order++) {
    const word = phrase[order] ?? bytes;
    budget.bytesLeft -= word.length;
    if (order > 0) {
      const from = at;
      while (at < length && CLASSES[bytes[at] ?? 0] === SEPARATOR) at++;
      budget.bytesLeft -= at - from;
      if (budget.bytesLeft < 0) return null;
      if (at < length && CLASSES[bytes[at] ?? 0] === UNSURE) return null;
    }
    if (at + word.length > length) return false;
    for (let i = 0; i < word.length; i++, at++) if (NARROW_FOLD[bytes[at] ?? 0] !== word[i]) return false;
    if (isPrefix && order === phrase.length - 1) return true;
    const behind = at === length ? SEPARATOR : CLASSES[bytes[at] ?? 0];
    if (behind !== SEPARATOR) return behind === IN_WORD ? false : null;
  }
  return true;
}

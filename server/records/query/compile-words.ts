import { fold } from '#server/index/fold.ts';
import { wordsOf } from '#server/index/words.ts';
import { type Condition, EVERYTHING, type ValuePath } from '#server/ports/condition.ts';
import { anyOf } from './combine.ts';
import { quoted, type Report } from './query-problem.ts';
import { isAnything, type ValueText } from './value-text.ts';

/** Words one after the other, at a path or anywhere; `null` where it was reported that this cannot be. */
export function compileWords(path: ValuePath | null, value: ValueText, report: Report): Condition | null {
  if (isAnything(value))
    return path === null ? EVERYTHING : { kind: 'value', path, test: { test: 'present' } };
  const [text = '', ...more] = value.parts;
  const isPrefix = more.length === 1 && more[0] === '';
  if (more.length > 0 && !isPrefix) {
    const place = path === null ? 'Text without a field' : 'This field holds words, and a value of it';
    report(
      value,
      `${place} has * at its end only, where it stands for the rest of the word: expected "wor*".`,
    );
    return null;
  }
  const words = wordsOf(text);
  if (words.length === 0) {
    const what = `${quoted(value.text)} has no word in it`;
    report(value, `${what}: expected letters, digits or _; everything else only divides words.`);
    return null;
  }
  return isPrefix ? prefix(path, text, words) : { kind: 'words', path, words, isPrefix: false };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ANY_UUID = '00000000-0000-0000-0000-000000000000';
/** What may be the beginning of one, and goes past its first hyphen. */
const UUID_BEGINNING = /(?<![\p{L}\p{M}\p{N}_-])[0-9a-f]{8}-[0-9a-f-]{0,27}$/iu;

/** A UUID is one word; its beginning alone would be several. */
function uuidBeginning(text: string): { readonly at: number; readonly word: string } | null {
  const found = UUID_BEGINNING.exec(text);
  if (found === null) return null;
  const [word] = found;
  return UUID.test(word + ANY_UUID.slice(word.length)) ? { at: found.index, word: fold(word) } : null;
}

function prefix(path: ValuePath | null, text: string, words: readonly string[]): Condition {
  // Behind a character that divides, any word may follow, or none.
  const isOpen = wordsOf(`${text}x`).length === words.length;
  const asWords: Condition = { kind: 'words', path, words, isPrefix: isOpen };
  const beginning = uuidBeginning(text);
  if (beginning === null) return asWords;
  const whole = [...wordsOf(text.slice(0, beginning.at)), beginning.word];
  return anyOf([asWords, { kind: 'words', path, words: whole, isPrefix: true }]);
}

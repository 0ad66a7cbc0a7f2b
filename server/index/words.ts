import { fold } from './fold.ts';

/** Most UTF-16 code units of a word; the rest of a longer one is not looked at. */
export const WORD_CHARACTERS_MAX = 128;

/**
 * The words of a text, folded, in their order, repeated ones as often as they are there.
 *
 * A word is a run of letters, marks, numerals and `_`. A UUID is one word, although it has hyphens. In
 * scripts that are written without spaces each character is a word by itself, and so is each pictograph.
 * Everything else only separates.
 */
export function wordsOf(text: string): string[] {
  const folded = fold(text);
  return asciiWords(folded) ?? anyWords(folded);
}

const SINGLE =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}' +
  '\\p{Script=Myanmar}\\p{Extended_Pictographic}';
const LETTER = '\\p{L}\\p{M}\\p{N}_';
const UUID_FORM = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const ALONE_BEFORE = `(?<![${LETTER}${SINGLE}\\-])`;
const ALONE_AFTER = `(?![${LETTER}${SINGLE}\\-])`;

const WORD = new RegExp(
  `${ALONE_BEFORE}${UUID_FORM}${ALONE_AFTER}|[${SINGLE}]|[[${LETTER}]--[${SINGLE}]]+`,
  'gv',
);

function anyWords(folded: string): string[] {
  return Array.from(folded.matchAll(WORD), ([word]) => cut(word));
}

/** To the most that a word may have, never between the halves of a surrogate pair. */
function cut(word: string): string {
  if (word.length <= WORD_CHARACTERS_MAX) return word;
  const last = word.charCodeAt(WORD_CHARACTERS_MAX - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return word.slice(0, splitsPair ? WORD_CHARACTERS_MAX - 1 : WORD_CHARACTERS_MAX);
}

const HYPHEN = 45;
const UUID_LENGTH = 36;
const UUID = new RegExp(`^${UUID_FORM}$`);
/** For each ASCII character, whether it belongs to a word. */
const IN_WORD: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  /[0-9a-z_]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** The same for a text that is all ASCII, as most are, in a tenth of the time; `null` for any other. */
function asciiWords(folded: string): string[] | null {
  const { length } = folded;
  const words: string[] = [];
  let start = 0;
  for (let at = 0; at <= length; at++) {
    const code = at < length ? folded.charCodeAt(at) : HYPHEN;
    if (code > 127) return null;
    if (IN_WORD[code] === 1) continue;
    if (at > start) {
      const end = at - start === 8 && code === HYPHEN ? uuidEnd(folded, start) : 0;
      words.push(cut(folded.slice(start, end || at)));
      if (end > 0) at = end;
    }
    start = at + 1;
  }
  return words;
}

/** Where the UUID ends that begins here; 0 where none does. Here the text has 8 characters of a word. */
function uuidEnd(folded: string, start: number): number {
  const end = start + UUID_LENGTH;
  if (end > folded.length || !standsAlone(folded, start - 1) || !standsAlone(folded, end)) return 0;
  return UUID.test(folded.slice(start, end)) ? end : 0;
}

/** Whether what is at a place beside a UUID leaves it one, as far as ASCII tells. */
function standsAlone(folded: string, at: number): boolean {
  if (at < 0 || at >= folded.length) return true;
  const code = folded.charCodeAt(at);
  return code !== HYPHEN && IN_WORD[code] === 0;
}

import type { Bound } from '#server/ports/condition.ts';
import { fold } from './fold.ts';

/** Terms of a dictionary from one, inclusive, to another, exclusive. */
export interface TermRange {
  readonly from: string;
  readonly to: string;
}

/** All strings. */
export const ALL_STRINGS: TermRange = { from: 's', to: 't' };

/** The strings that fold to this text, which is folded. */
export function stringsFoldingTo(folded: string): TermRange {
  return { from: firstString(folded), to: stringAfter(folded) };
}

/**
 * The strings whose folded text begins with this one, which is folded and well-formed. Nothing else is in the
 * range.
 */
export function stringsBeginning(folded: string): TermRange {
  return { from: firstString(folded), to: stringBehindPrefix(folded) };
}

/** The strings whose folded text is between two, which are folded and well-formed. */
export function stringsBetween(from: Bound | null, to: Bound | null): TermRange {
  return {
    from: from === null ? ALL_STRINGS.from : from.inclusive ? firstString(from.text) : stringAfter(from.text),
    to: to === null ? ALL_STRINGS.to : to.inclusive ? stringAfter(to.text) : firstString(to.text),
  };
}

/** Terms of a kind whose texts fold to themselves, between two of them. */
export function termsBetween(kind: 'i' | 'n', from: Bound | null, to: Bound | null): TermRange {
  return {
    from: from === null ? kind : kind + from.text + (from.inclusive ? '' : '\0'),
    to: to === null ? (kind === 'i' ? 'j' : 'o') : kind + to.text + (to.inclusive ? '\0' : ''),
  };
}

/** As much of a text as is well-formed: up to the first surrogate without its partner. */
export function wellFormedStart(text: string): string {
  if (text.isWellFormed()) return text;
  let end = 0;
  for (const character of text) {
    if (!character.isWellFormed()) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The first string of all that fold to this text or to a later one. */
function firstString(folded: string): string {
  let text = 's';
  for (const character of folded) text += leastCharacters().get(character) ?? character;
  return text;
}

/** The first string behind all that fold to this text. */
function stringAfter(folded: string): string {
  return `${firstString(folded)}\0`;
}

/** The first string behind all that begin with this text. */
function stringBehindPrefix(folded: string): string {
  const characters = Array.from(folded);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const next = foldedCharacterAfter(last.codePointAt(0) ?? 0);
    if (next !== null) return firstString(characters.join('') + next);
  }
  return ALL_STRINGS.to;
}

/** The next character, by UTF-16 code units, that folds to itself; `null` behind the last one. */
function foldedCharacterAfter(code: number): string | null {
  for (let next = codeAfter(code); next !== null; next = codeAfter(next)) {
    const character = String.fromCodePoint(next);
    if (fold(character) === character) return character;
  }
  return null;
}

/** By code units, characters beyond U+FFFF stand where surrogates do: before U+E000. */
function codeAfter(code: number): number | null {
  if (code === 0xd7ff) return 0x1_0000;
  if (code === 0x10_ffff) return 0xe000;
  return code === 0xffff ? null : code + 1;
}

let least: ReadonlyMap<string, string> | null = null;

/**
 * For each folded character the first one, by code units, that folds to it, where that is another one. A text
 * made of these is the first of all that fold to the same: folding works character by character.
 */
function leastCharacters(): ReadonlyMap<string, string> {
  least ??= findLeastCharacters();
  return least;
}

function findLeastCharacters(): Map<string, string> {
  const found = new Map<string, string>();
  // No character from here on has another case.
  const end = 0x2_0000;
  for (let code = 0; code < end; code++) {
    const character = String.fromCodePoint(code);
    const folded = fold(character);
    if (folded === character) continue;
    if (character < (found.get(folded) ?? folded)) found.set(folded, character);
  }
  return found;
}

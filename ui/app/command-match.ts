import type { Command } from './commands.ts';

/** Weights of how a typed word was found: a whole word's beginning counts most, scattered letters least. */
const AT_TITLE_START = 4;
const AT_WORD_START = 3;
const INSIDE = 2;
const SCATTERED = 1;

/**
 * The commands that a person may mean, best first. Each typed word has to be found in the title or the group:
 * at the beginning of a word, inside one, or letter by letter in this order. Of equally good ones those that
 * were run last come first, then the order of the list. Without text: all, in that order.
 *
 * @param recent ids of commands that were run, latest first
 */
export function matchCommands(
  commands: readonly Command[],
  text: string,
  recent: readonly string[],
): readonly Command[] {
  const words = wordsOf(text);
  const scored = withoutDoubles(commands).map((command, place) => {
    const before = recent.indexOf(command.id);
    return { command, place, score: scoreOf(command, words), recency: before === -1 ? Infinity : before };
  });
  return scored
    .filter(({ score }) => score !== null)
    .toSorted((a, b) => {
      if (a.score !== b.score) return (b.score ?? 0) - (a.score ?? 0);
      return a.recency === b.recency ? a.place - b.place : a.recency - b.recency;
    })
    .map(({ command }) => command);
}

function withoutDoubles(commands: readonly Command[]): readonly Command[] {
  const byId = new Map<string, Command>();
  for (const command of commands) if (!byId.has(command.id)) byId.set(command.id, command);
  return [...byId.values()];
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** `null`: it is not meant. */
function scoreOf({ title, group }: Command, words: readonly string[]): number | null {
  const [whole, around] = [title.toLowerCase(), `${title} ${group}`.toLowerCase()];
  let total = 0;
  for (const word of words) {
    const score = wordScore(whole, around, word);
    if (score === null) return null;
    total += score;
  }
  return total;
}

function wordScore(title: string, around: string, word: string): number | null {
  if (title.startsWith(word)) return AT_TITLE_START;
  if (wordStarts(around, word)) return AT_WORD_START;
  if (around.includes(word)) return INSIDE;
  return isScattered(title, word) ? SCATTERED : null;
}

function wordStarts(text: string, word: string): boolean {
  return text.split(/[\s/.:_-]+/).some((part) => part.startsWith(word));
}

function isScattered(text: string, word: string): boolean {
  let from = 0;
  for (const letter of word) {
    const at = text.indexOf(letter, from);
    if (at === -1) return false;
    from = at + letter.length;
  }
  return true;
}

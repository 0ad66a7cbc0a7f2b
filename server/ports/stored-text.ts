/**
 * Postgres cannot hold U+0000 in a text, and an event id may have one. So ids are stored with it escaped, in
 * both databases alike: U+0010 (data link escape) before `0` stands for U+0000, before itself for itself.
 * Every other id is stored as it is.
 */
const ESCAPE = '\u0010';
const NEEDS_ESCAPE = /[\u0000\u0010]/gu;
const ESCAPED = /\u0010([\u00100])/gu;

/** The text as it is stored; different texts give different ones. */
export function toStoredText(text: string): string {
  return text.replace(NEEDS_ESCAPE, (character) => (character === ESCAPE ? ESCAPE + ESCAPE : `${ESCAPE}0`));
}

/** The text that was stored. */
export function fromStoredText(stored: string): string {
  if (!stored.includes(ESCAPE)) return stored;
  return stored.replace(ESCAPED, (_all, character: string) => (character === '0' ? '\u0000' : ESCAPE));
}

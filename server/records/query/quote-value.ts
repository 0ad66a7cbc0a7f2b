import { numberKey } from '#server/index/number-key.ts';

/**
 * A value as it has to be written behind `field:`, so that it is found as exactly this text, whatever
 * characters it has. Only what needs no quotes anywhere in the language, and is no number or address, is left
 * without.
 */
export function quoteValue(text: string): string {
  return isPlain(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@/-]*$/u;
/** What means something else than its text. */
const MEANT = /^(?:true|false|null|AND|OR|NOT|TO)$/i;

function isPlain(text: string): boolean {
  const hasLetter = /\p{L}/u.test(text);
  return (
    hasLetter && PLAIN.test(text) && !MEANT.test(text) && !text.includes('..') && numberKey(text) === null
  );
}

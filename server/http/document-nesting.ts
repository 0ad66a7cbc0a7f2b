import { AppError } from '#server/errors.ts';
import { DOCUMENT_NESTING_MAX } from './limits.ts';

/**
 * Refuses a GraphQL document whose brackets nest so deep that parsing it would overflow the stack: the parser
 * calls itself for each, and counts tokens only.
 *
 * @throws AppError QUERY_TOO_COMPLEX
 */
export function refuseDeepDocument(document: unknown): void {
  if (typeof document !== 'string' || document.length < DOCUMENT_NESTING_MAX) return;
  let depth = 0;
  for (let at = 0; at < document.length; at++) {
    const character = document[at];
    if (character === '[' || character === '{' || character === '(') depth += 1;
    else if (character === ']' || character === '}' || character === ')') depth -= 1;
    // What stands in strings and comments nests nothing.
    else if (character === '"') at = endOfString(document, at);
    else if (character === '#') at = indexOrEnd(document, '\n', at);
    if (depth > DOCUMENT_NESTING_MAX) {
      const message = `The document nests over ${DOCUMENT_NESTING_MAX} levels deep: use variables.`;
      throw new AppError('QUERY_TOO_COMPLEX', { message, path: ['query'] });
    }
  }
}

/** Where the string that begins here ends; the end of the document where it does not. */
function endOfString(document: string, start: number): number {
  if (document.startsWith('"""', start)) {
    let end = indexOrEnd(document, '"""', start + 3);
    while (document[end - 1] === '\\') end = indexOrEnd(document, '"""', end + 3);
    return end + 2;
  }
  let at = start + 1;
  while (at < document.length && document[at] !== '"' && document[at] !== '\n') {
    at += document[at] === '\\' ? 2 : 1;
  }
  return at;
}

function indexOrEnd(document: string, text: string, from: number): number {
  const found = document.indexOf(text, from);
  return found === -1 ? document.length : found;
}

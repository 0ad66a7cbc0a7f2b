import type { SearchEvent } from './events.ts';

/** The fields that the layouts with an index a field have one for. */
export const KEY_FIELDS = ['actor', 'action', 'target', 'session', 'ip', 'occurred'] as const;

/** A record's value in each of these fields, in their order. */
export function keysOf(event: SearchEvent): readonly (string | number)[] {
  return [event.actor, event.action, event.target, event.session, event.ip, event.occurredMs];
}

/** Every leaf of a record as `path=value`: the terms of an inverted index. */
export function termsOf(event: SearchEvent): string[] {
  const terms: string[] = [];
  for (const [name, value] of Object.entries(event.sections)) addTerms(terms, name, value);
  return terms;
}

function addTerms(terms: string[], path: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const element of value) addTerms(terms, `${path}[]`, element);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) addTerms(terms, `${path}.${name}`, inner);
  } else {
    terms.push(`${path}=${String(value)}`);
  }
}

const WORD = /[\p{L}\p{M}\p{Nd}_]+/gu;

/** The words of every value, in order. */
export function wordsOf(terms: readonly string[]): string[] {
  return terms.flatMap(
    (term) =>
      term
        .slice(term.indexOf('=') + 1)
        .toLowerCase()
        .match(WORD) ?? [],
  );
}

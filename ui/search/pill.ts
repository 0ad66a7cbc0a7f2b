import type { SyntaxNode } from '@lezer/common';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { parser } from '#server/records/query/parser.ts';
import { childrenOf } from '#server/records/query/query-source.ts';
import { messages } from './messages.ts';

/** One term of the query language that stands beside the search bar. */
export interface Pill {
  readonly isNegated: boolean;
  /** The field as it was written, without its colon; `null` for text without a field. */
  readonly field: string | null;
  /** What stands behind the colon; of text without a field all of it. */
  readonly value: string;
  /** Why it is no such term, and what was expected; `null` where it is one. */
  readonly mistake: string | null;
}

const TERMS: ReadonlySet<string> = new Set(['Field', 'Word', 'String', 'Group']);
const NEGATIONS: ReadonlySet<string> = new Set(['Minus', 'Not']);

/** Takes a pill's text apart, to show it. */
export function readPill(text: string): Pill {
  const [negation, term, ...more] = partsOf(text);
  const mistake = parseQuery(text).problems?.[0]?.message ?? null;
  const isOne = term !== undefined && more.length === 0 && TERMS.has(term.name);
  const name = term?.name === 'Field' ? (term.firstChild ?? null) : null;
  const shown = text.slice(term?.from ?? 0).trim();
  return {
    isNegated: negation !== null,
    field: name === null ? null : text.slice(name.from, name.to - 1),
    value: name === null ? shown : text.slice(name.to).trim(),
    mistake: mistake ?? (isOne ? null : term === undefined ? messages.emptyTerm : messages.oneTerm),
  };
}

/** The same term with the opposite meaning. */
export function negatePill(text: string): string {
  const trimmed = text.trim();
  const [negation] = partsOf(trimmed);
  return negation === null ? `-${trimmed}` : trimmed.slice(negation.to).trim();
}

/** The negation, or `null`, and what comes behind it. */
function partsOf(text: string): readonly [SyntaxNode | null, ...SyntaxNode[]] {
  const [first, ...rest] = childrenOf(parser.parse(text).topNode);
  if (first === undefined) return [null];
  return NEGATIONS.has(first.name) ? [first, ...rest] : [null, first, ...rest];
}

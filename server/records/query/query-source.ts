import type { SyntaxNode } from '@lezer/common';
import type { Place, QueryProblem, Report } from './query-problem.ts';
import { NESTING_MAX } from './read-row.ts';
import { readQuoted, readUnquoted, type ValueText } from './value-text.ts';

/** Most values and texts in one query. */
export const TERMS_MAX = 256;

/** After this many problems no more are looked for. */
export const PROBLEMS_MAX = 32;

/** A query while it is read. */
export interface QuerySource {
  readonly text: string;
  readonly report: Report;
  /** Counts one more value or text; `false` where that is one too many, which was reported. */
  readonly countTerm: (place: Place) => boolean;
  /** Whether there are so many problems that no more need to be found. */
  readonly isHopeless: () => boolean;
}

/** The source of a text; what is wrong with it goes to `problems`. */
export function createSource(text: string, problems: QueryProblem[]): QuerySource {
  let terms = 0;
  const report: Report = ({ from, to }, message) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ from, to, message });
  };
  return {
    text,
    report,
    isHopeless: () => problems.length >= PROBLEMS_MAX,
    countTerm: (place) => {
      terms += 1;
      if (terms === TERMS_MAX + 1) {
        report(place, `The search has too many values: expected at most ${TERMS_MAX}.`);
      }
      return terms <= TERMS_MAX;
    },
  };
}

/** The nodes directly below a node. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** The text that a node stands for. */
export function textOf({ from, to }: Place, source: QuerySource): string {
  return source.text.slice(from, to);
}

/** Reads a value or a text; `null` where it is one too many. */
export function readValueText(node: SyntaxNode, source: QuerySource): ValueText | null {
  if (!source.countTerm(node)) return null;
  const isQuoted = node.name === 'String' || node.name === 'OpenString';
  return (isQuoted ? readQuoted : readUnquoted)(textOf(node, source), node.from, source.report);
}

/** What stands between the parentheses of a node; `null` where something is wrong with them. */
export function readParentheses(
  node: SyntaxNode,
  nesting: number,
  source: QuerySource,
): readonly SyntaxNode[] | null {
  const open = { from: node.from, to: node.from + 1 };
  if (node.lastChild?.name !== 'CloseParen') {
    source.report(open, 'The parenthesis is not closed: expected a ")" for it.');
    return null;
  }
  if (nesting > NESTING_MAX) {
    source.report(open, `Conditions are nested too deep: expected at most ${NESTING_MAX} in each other.`);
    return null;
  }
  const inner = childrenOf(node).slice(1, -1);
  if (inner.length > 0) return inner;
  source.report(node, 'Nothing stands between the parentheses: expected a condition.');
  return null;
}

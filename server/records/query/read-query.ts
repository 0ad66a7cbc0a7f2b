import type { SyntaxNode } from '@lezer/common';
import { type Condition, EVERYTHING } from '#server/ports/condition.ts';
import type { Part } from './combine.ts';
import { compileWords } from './compile-words.ts';
import { findField } from './fields.ts';
import { quoted } from './query-problem.ts';
import { childrenOf, type QuerySource, readParentheses, readValueText, textOf } from './query-source.ts';
import { readField } from './read-field.ts';
import { readRow } from './read-row.ts';

/** The condition of a whole query; `null` where it was reported what is wrong. */
export function readQuery(query: SyntaxNode, source: QuerySource): Condition | null {
  const nodes = childrenOf(query);
  for (const node of nodes) {
    if (node.name === 'CloseParen')
      source.report(node, 'There is no "(" for this ")": expected both or neither.');
  }
  const conditions = nodes.filter(({ name }) => name !== 'CloseParen');
  if (conditions.length === 0) return EVERYTHING;
  return readConditions(conditions, 0, source)?.condition ?? null;
}

function readConditions(nodes: readonly SyntaxNode[], nesting: number, source: QuerySource): Part | null {
  return readRow(nodes, nesting, {
    report: source.report,
    readOperand: (node, within) => readCondition(node, within, source),
  });
}

function readCondition(node: SyntaxNode, nesting: number, source: QuerySource): Part | null {
  if (source.isHopeless()) return null;
  switch (node.name) {
    case 'Field':
      return readField(node, nesting, source);
    case 'Group':
      return readGroup(node, nesting + 1, source);
    case 'Word':
    case 'String':
    case 'OpenString':
      return readText(node, source);
    case 'Joined': {
      const text = quoted(textOf(node, source));
      source.report(node, `A blank is missing in ${text}: expected one on both sides of what is in quotes.`);
      return null;
    }
    case 'Colon':
      source.report(
        node,
        'No name stands before this colon: expected one of a field, or quotes around text.',
      );
      return null;
    default:
      source.report(node, 'This cannot stand here: expected a condition.');
      return null;
  }
}

function readGroup(node: SyntaxNode, nesting: number, source: QuerySource): Part | null {
  const inner = readParentheses(node, nesting, source);
  const part = inner && readConditions(inner, nesting, source);
  // What stands in parentheses is not joined with what stands beside them.
  return part && { condition: part.condition, key: null };
}

/** A field's name with the operator of other languages. */
const COMPARED = /^([\w.]+)([<>]=?|=)/;

function readText(node: SyntaxNode, source: QuerySource): Part | null {
  const text = readValueText(node, source);
  if (text === null) return null;
  const [, name = '', operator = ''] = text.isQuoted ? [] : (COMPARED.exec(text.raw) ?? []);
  const field = findField(name) ?? findField(name.split('.')[0] ?? '');
  if (field !== null && (field.name === name || field.isParent)) {
    const meant = `${name}:${operator === '=' ? '' : operator}…`;
    source.report(text, `A field's name ends with a colon: expected ${meant}, or quotes around text.`);
    return null;
  }
  const condition = compileWords(null, text, source.report);
  return condition && { condition, key: null };
}

import type { SyntaxNode } from '@lezer/common';
import type { Condition } from '#server/ports/condition.ts';
import type { Part } from './combine.ts';
import { compileRange } from './compile-range.ts';
import { compileValue } from './compile-value.ts';
import { type NamedField, resolveField } from './field-name.ts';
import { findField } from './fields.ts';
import { quoted } from './query-problem.ts';
import { childrenOf, type QuerySource, readParentheses, readValueText, textOf } from './query-source.ts';
import { readRow } from './read-row.ts';
import { type RangeEnd, rangeEnd, readUnquoted, type ValueRange, type ValueText } from './value-text.ts';

/** Reads a field with its value, list, range or comparison; `null` where something was reported. */
export function readField(node: SyntaxNode, nesting: number, source: QuerySource): Part | null {
  const [name, value] = childrenOf(node).filter(({ type }) => !type.isError);
  if (!name) return null;
  const place = { from: name.from, to: name.to - 1 };
  const named = resolveField(textOf(place, source), place, source.report);
  if (value === undefined) {
    const example = `${textOf(name, source)}value`;
    source.report(node, `The value is missing: expected one directly behind the colon, such as ${example}.`);
    return null;
  }
  if (value.from > name.to) {
    const between = { from: name.to, to: value.from };
    source.report(between, 'A value stands directly behind the colon: expected no blank.');
    return null;
  }
  return named && readOperand(value, nesting, named, source);
}

function readOperand(node: SyntaxNode, nesting: number, named: NamedField, source: QuerySource): Part | null {
  switch (node.name) {
    case 'List':
      return readList(node, nesting + 1, named, source);
    case 'Range':
      return valuePart(named, readRange(node, named, source));
    case 'Comparison':
      return readComparison(node, named, source);
    case 'Item':
      return readItem(node, named, source);
    default: {
      const text = readValueText(node, source);
      return valuePart(named, text && compileValue(named, text, source.report));
    }
  }
}

function valuePart(named: NamedField, condition: Condition | null): Part | null {
  return condition && { condition, key: named.key };
}

/** `field:(a b)` is what `field:a field:b` is. */
function readList(node: SyntaxNode, nesting: number, named: NamedField, source: QuerySource): Part | null {
  const inner = readParentheses(node, nesting, source);
  if (inner === null) return null;
  return readRow(inner, nesting, {
    report: source.report,
    readOperand: (operand, within) => readOperand(operand, within, named, source),
  });
}

/** A number with its sign, or a range that begins with one. */
const NEGATIVE = /^-\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:$|\.\.)/i;

/** A value in a list. Before it, a `-` negates, as elsewhere; but a negative number is a number. */
function readItem(node: SyntaxNode, named: NamedField, source: QuerySource): Part | null {
  const { type } = named.field;
  const text = readValueText(node, source);
  if (text === null) return null;
  const mayBeNegative = type === 'json' || type === 'number';
  if (text.raw.startsWith('-') && !(mayBeNegative && NEGATIVE.test(text.raw))) {
    const behind = readUnquoted(text.raw.slice(1), text.from + 1, source.report);
    const negated = readPlainItem(named, behind, source);
    return negated && { condition: { kind: 'not', of: negated }, key: null };
  }
  return valuePart(named, readPlainItem(named, text, source));
}

function readPlainItem(named: NamedField, text: ValueText, source: QuerySource): Condition | null {
  const colon = text.raw.indexOf(':');
  const other = colon === -1 ? null : findField(text.raw.slice(0, colon));
  if (other === null || other.isParent) return compileValue(named, text, source.report);
  const meaning = `In a list are values of ${named.name} only, and ${quoted(text.raw)} looks like a field`;
  source.report(text, `${meaning}: expected it outside the parentheses, or quotes around it.`);
  return null;
}

function readComparison(node: SyntaxNode, named: NamedField, source: QuerySource): Part | null {
  const [operatorNode, valueNode] = childrenOf(node).filter(({ type }) => !type.isError);
  if (!operatorNode) return null;
  const operator = textOf(operatorNode, source);
  if (!valueNode) {
    const example = `${named.name}:${operator}10`;
    source.report(node, `The value is missing: expected one behind ${operator}, such as ${example}.`);
    return null;
  }
  const text = readValueText(valueNode, source);
  if (text === null) return null;
  const end: RangeEnd = { text, inclusive: operator.endsWith('=') };
  const isLow = operator.startsWith('>');
  const range = { from: node.from, to: node.to, low: isLow ? end : null, high: isLow ? null : end };
  const condition = compileRange(named, range, source.report);
  // Comparisons of one field must all hold.
  return condition && { condition, key: null };
}

const RANGE_FORM = 'expected a range such as [10 TO 20], {10 TO 20} without its ends, or [10 TO *]';

function readRange(node: SyntaxNode, named: NamedField, source: QuerySource): Condition | null {
  const [open, ...rest] = childrenOf(node).filter(({ type }) => !type.isError);
  const close = rest.at(-1);
  if (!open || close?.name !== 'CloseRange') {
    const place = { from: node.from, to: node.from + 1 };
    source.report(
      place,
      `The bracket is not closed: ${RANGE_FORM}; a text that begins with one is put in quotes.`,
    );
    return null;
  }
  const [low, to, high, ...more] = rest.slice(0, -1);
  if (!isEnd(low) || to?.name !== 'To' || !isEnd(high) || more.length > 0) {
    const advice = 'a text that begins with a bracket is put in quotes';
    source.report(node, `This is not a range: ${RANGE_FORM}; ${advice}.`);
    return null;
  }
  const first = readValueText(low, source);
  const last = readValueText(high, source);
  if (first === null || last === null) return null;
  const range: ValueRange = {
    from: node.from,
    to: node.to,
    low: rangeEnd(first, textOf(open, source) === '['),
    high: rangeEnd(last, textOf(close, source) === ']'),
  };
  return compileRange(named, range, source.report);
}

function isEnd(node: SyntaxNode | undefined): node is SyntaxNode {
  return node !== undefined && node.name !== 'To';
}

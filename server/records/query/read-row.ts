import type { SyntaxNode } from '@lezer/common';
import type { Condition } from '#server/ports/condition.ts';
import { allOf, anyOf, type Part, sideBySide } from './combine.ts';
import type { Place, Report } from './query-problem.ts';

/** Most conditions nested in each other: parentheses and negations. */
export const NESTING_MAX = 32;

/** Reads one condition in a row; `null` where it was reported what is wrong with it. */
export type ReadOperand = (node: SyntaxNode, nesting: number) => Part | null;

/** How a row of conditions is read. */
export interface RowReader {
  readonly readOperand: ReadOperand;
  readonly report: Report;
}

/**
 * Reads conditions that stand in a row with AND, OR and NOT. NOT binds tightest, then what stands side by
 * side, then AND, then OR.
 *
 * `null` where something was reported.
 */
export function readRow(nodes: readonly SyntaxNode[], nesting: number, reader: RowReader): Part | null {
  const alternatives = split(nodes, 'Or', reader.report).map((piece) => readAnd(piece, nesting, reader));
  const parts = alternatives.filter((part) => part !== null);
  if (parts.length < alternatives.length) return null;
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? null;
  const key = parts.every((part) => part.key === first.key) ? first.key : null;
  return { condition: anyOf(parts.map(({ condition }) => condition)), key };
}

function readAnd(nodes: readonly SyntaxNode[], nesting: number, reader: RowReader): Part | null {
  const pieces = split(nodes, 'And', reader.report).map((piece) => readSideBySide(piece, nesting, reader));
  const parts = pieces.filter((part) => part !== null);
  if (parts.length < pieces.length) return null;
  const [first] = parts;
  if (parts.length === 1) return first ?? null;
  return { condition: allOf(parts.map(({ condition }) => condition)), key: null };
}

/** The pieces between operators of one name. That an operator has nothing on one side is reported. */
function split(
  nodes: readonly SyntaxNode[],
  operator: 'And' | 'Or',
  report: Report,
): readonly (readonly SyntaxNode[])[] {
  const pieces: SyntaxNode[][] = [[]];
  for (const node of nodes) {
    if (node.name === operator) {
      if (pieces.at(-1)?.length === 0) report(node, missing(operator, 'before'));
      pieces.push([]);
    } else {
      pieces.at(-1)?.push(node);
    }
  }
  const last = nodes.at(-1);
  if (last?.name === operator) report(last, missing(operator, 'behind'));
  return pieces;
}

function missing(operator: string, where: 'before' | 'behind'): string {
  const what = `Nothing stands ${where} ${operator.toUpperCase()}`;
  return `${what}: expected a condition there, or quotes around the word.`;
}

/** A condition with what negates it. */
interface Unit extends Place {
  readonly negations: readonly SyntaxNode[];
  readonly operand: SyntaxNode | null;
}

function readSideBySide(nodes: readonly SyntaxNode[], nesting: number, reader: RowReader): Part | null {
  const units = unitsOf(nodes);
  const parts = units.map((unit, at) => {
    const before = units[at - 1];
    if (before?.to === unit.from) {
      reader.report(
        { from: unit.from, to: unit.from },
        'A blank is missing: expected one between conditions.',
      );
      return null;
    }
    return readUnit(unit, nesting, reader);
  });
  const read = parts.filter((part) => part !== null);
  // An empty piece was reported where its operator is.
  return read.length < parts.length || read.length === 0 ? null : sideBySide(read);
}

function unitsOf(nodes: readonly SyntaxNode[]): readonly Unit[] {
  const units: Unit[] = [];
  let negations: SyntaxNode[] = [];
  for (const node of nodes) {
    if (isNegation(node)) {
      negations.push(node);
    } else {
      units.push({ negations, operand: node, from: (negations[0] ?? node).from, to: node.to });
      negations = [];
    }
  }
  const [first] = negations;
  const last = negations.at(-1);
  if (first && last) units.push({ negations, operand: null, from: first.from, to: last.to });
  return units;
}

function isNegation({ name }: SyntaxNode): boolean {
  return name === 'Not' || name === 'Minus';
}

function readUnit({ negations, operand }: Unit, nesting: number, reader: RowReader): Part | null {
  const last = negations.at(-1);
  if (operand === null) {
    const sign = last?.name === 'Minus' ? '-' : 'NOT';
    if (last)
      reader.report(last, `Nothing stands behind ${sign}: expected a condition, or quotes around it.`);
    return null;
  }
  for (const [at, { name, to }] of negations.entries()) {
    const next = negations[at + 1] ?? operand;
    if (name !== 'Minus' || next.from === to) continue;
    reader.report(
      { from: to, to: next.from },
      'A - stands directly before what it negates: expected no blank.',
    );
    return null;
  }
  const within = nesting + negations.length;
  if (within > NESTING_MAX) {
    reader.report(operand, `Conditions are nested too deep: expected at most ${NESTING_MAX} in each other.`);
    return null;
  }
  const part = reader.readOperand(operand, within);
  if (part === null || negations.length === 0) return part;
  const negated = negations.reduce<Condition>((of) => ({ kind: 'not', of }), part.condition);
  return { condition: negated, key: null };
}

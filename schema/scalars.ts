import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { type JsonValue, RefusedValue } from '#server/ledger/json.ts';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description:
    'A time as RFC 3339, e.g. `2026-01-31T23:59:59.999Z`. In: any offset, up to nine fractional digits. ' +
    'Out: UTC.',
  serialize: (value) => value,
  parseValue: dateTime,
  parseLiteral: (node) => {
    if (node.kind !== Kind.STRING) throw mismatch('DateTime', 'a string', node);
    return node.value;
  },
});

builder.scalarType('SafeInt', {
  description: 'A whole number from −(2^53−1) to 2^53−1, as a JSON number.',
  serialize: (value) => safeInt(value),
  parseValue: safeInt,
  parseLiteral: (node) => {
    if (node.kind !== Kind.INT) throw mismatch('SafeInt', 'a whole number', node);
    return safeInt(Number(node.value));
  },
});

builder.scalarType('JSON', {
  description:
    'Any JSON, exact: integers keep every digit however long they are, in and out. Lone surrogates and ' +
    'numbers that ' +
    'overflow a double are refused by whoever uses the value.',
  serialize: (value) => value,
  parseValue: (value) => value as JsonValue,
  parseLiteral: (node, variables) => jsonLiteral(node, variables ?? {}),
});

function dateTime(value: unknown): string {
  if (typeof value !== 'string')
    throw new GraphQLError('DateTime cannot represent a value that is not a string.');
  return value;
}

function safeInt(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new GraphQLError('SafeInt cannot represent a value that is not a whole number up to 2^53−1.');
  }
  return value;
}

/** A JSON value written in the document itself. Integers beyond 2^53 keep their digits, as in variables. */
function jsonLiteral(node: ValueNode, variables: Readonly<Record<string, unknown>>): JsonValue {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.BOOLEAN:
    case Kind.STRING:
      return node.value;
    case Kind.INT: {
      const value = Number(node.value);
      return Number.isSafeInteger(value) ? value : BigInt(node.value);
    }
    case Kind.FLOAT: {
      const value = Number(node.value);
      return Number.isFinite(value) ? value : new RefusedValue('the number is too large for a double');
    }
    case Kind.LIST:
      return node.values.map((value) => jsonLiteral(value, variables));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map((field) => [field.name.value, jsonLiteral(field.value, variables)]),
      );
    case Kind.VARIABLE:
      // Coerced as JSON before; a variable that was not given is null, since a literal has no other absence.
      return (variables[node.name.value] ?? null) as JsonValue;
    case Kind.ENUM:
      throw mismatch('JSON', 'a JSON value', node);
  }
}

function mismatch(scalar: string, expected: string, node: ValueNode): GraphQLError {
  return new GraphQLError(`${scalar} needs ${expected}.`, { nodes: [node] });
}

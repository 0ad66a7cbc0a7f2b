import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { createBuilder } from '#schema/builder.ts';
import { schema } from '#schema/index.ts';

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

/** Names of everything in a type that has no description. */
function undescribed(type: GraphQLNamedType): string[] {
  const names: string[] = [];
  const check = (
    name: string,
    { description }: { readonly description?: string | null | undefined },
  ): void => {
    if (!description) names.push(name);
  };
  check(type.name, type);
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field);
      for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name}:)`, arg);
    }
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field);
  }
  if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value);
  return names;
}

/** Which of them are enough, or that any token is. */
const NAMES_SCOPES = /Needs (?:no scope\.|(?:the scopes?|any of the scopes) )/;

describe('the schema', () => {
  it('describes every type, field, argument and value', () => {
    expect(types.length).toBeGreaterThan(30);
    expect(types.flatMap(undescribed)).toEqual([]);
  });

  it('names the scope that each operation needs in its description', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const silent = roots
      .flatMap((type) => Object.values(type?.getFields() ?? {}))
      .filter(({ description }) => !NAMES_SCOPES.test(description ?? ''));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('cannot be built with an operation that states no scope', () => {
    const builder = createBuilder();
    builder.queryType({});
    builder.queryField('open', (t) => t.string({ resolve: () => 'anyone' }));
    expect(() => builder.toSchema()).toThrow('Query.open states no scope');
  });
});

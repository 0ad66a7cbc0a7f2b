import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';

/**
 * Tells whether a value, as it came out of JSON, is one that GraphQL would coerce to itself. `false` says
 * nothing but that: the value may still be one that GraphQL takes, or gives a good error for.
 */
export type IsPlain = (value: unknown) => boolean;

export interface CompiledInput {
  readonly isPlain: IsPlain;
  /** Adds the defaults of members that are absent. Only for values that are plain. */
  readonly fillDefaults: (value: Record<string, unknown>) => void;
}

/** Scalars whose values are taken as they are, and which of them. Every other scalar goes the long way. */
const PLAIN_SCALARS: Readonly<Record<string, IsPlain>> = {
  ID: isString,
  String: isString,
  DateTime: isString,
  SafeInt: (value) => typeof value === 'number' && Number.isSafeInteger(value),
  JSON: (value) => value !== undefined,
};

/**
 * Makes the check of an input object type out of the type itself, so that the two cannot drift apart. It
 * walks a value once and copies nothing, which is what makes it fast. Only the outermost object's defaults
 * can be filled in.
 *
 * @throws Error where a nested object has defaults
 */
export function compileInput(type: GraphQLInputObjectType): CompiledInput {
  const defaults = Object.values(type.getFields()).flatMap(({ name, defaultValue }) =>
    defaultValue === undefined ? [] : [[name, defaultValue] as const],
  );
  return {
    isPlain: objectCheck(type, true),
    fillDefaults: (value) => {
      for (const [name, defaultValue] of defaults) {
        if (value[name] === undefined) value[name] = defaultValue;
      }
    },
  };
}

function objectCheck(type: GraphQLInputObjectType, isOutermost: boolean): IsPlain {
  const fields = Object.values(type.getFields());
  if (!isOutermost && fields.some(({ defaultValue }) => defaultValue !== undefined)) {
    throw new Error(`${type.name} has defaults, which are filled in for the outermost object only.`);
  }
  const checks = new Map(fields.map((field) => [field.name, checkOf(field.type)]));
  const required = fields
    .filter((field) => isNonNullType(field.type) && field.defaultValue === undefined)
    .map(({ name }) => name);
  return (value) => {
    if (!isObject(value)) return false;
    for (const name of required) if (value[name] === undefined) return false;
    for (const name in value) {
      const check = checks.get(name);
      if (check === undefined || !check(value[name])) return false;
    }
    return true;
  };
}

function checkOf(type: GraphQLInputType): IsPlain {
  if (isNonNullType(type)) return valueCheck(type.ofType);
  const check = valueCheck(type);
  return (value) => value === null || check(value);
}

function valueCheck(type: GraphQLInputType): IsPlain {
  if (isInputObjectType(type)) return objectCheck(type, false);
  if (isListType(type)) {
    const check = checkOf(type.ofType);
    return (value) => Array.isArray(value) && value.every(check);
  }
  if (isEnumType(type)) {
    // Only names that stand for themselves come out as they went in.
    const names = new Set<unknown>(
      type.getValues().flatMap(({ name, value }) => (name === value ? [name] : [])),
    );
    return (value) => names.has(value);
  }
  return ('name' in type && PLAIN_SCALARS[type.name]) || (() => false);
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

/** Objects that JSON gives; a refused value or a list is none. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

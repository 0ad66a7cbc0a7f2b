import {
  type DocumentNode,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  type GraphQLFieldConfig,
  type GraphQLInputType,
  getNamedType,
  getOperationAST,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type TypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledInput, compileInput } from './compiled-input.ts';

/** What an executor is given. */
export interface Execution {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

const EVENT_INPUT = 'EventInput';

/**
 * The short way for operations that send events.
 *
 * GraphQL copies every member of every event through a chain of generic functions, which costs more than
 * recording it. Here a check that was made out of the type walks the events once. If all are plain, the
 * operation is executed against a twin of the schema in which EventInput is a scalar that takes its value as
 * it is; every resolver is the same. If one is not, nothing was changed and the operation goes the long way,
 * so that all errors are GraphQL's own.
 */
export interface Ingest {
  /**
   * The schema to execute against: the twin, or the real one. Fills the events' defaults in where it is the
   * twin.
   */
  readonly schemaFor: (execution: Execution) => GraphQLSchema;
}

/** A variable that holds one event or a list of them. */
interface EventVariable {
  readonly name: string;
  readonly isList: boolean;
}

export function createIngest(schema: GraphQLSchema): Ingest {
  const type = schema.getType(EVENT_INPUT);
  if (!isInputObjectType(type)) throw new Error(`The schema has no input type ${EVENT_INPUT}.`);
  const compiled = compileInput(type);
  const twin = twinOf(schema);
  const plans = new WeakMap<OperationDefinitionNode, readonly EventVariable[]>();
  return {
    schemaFor: ({ document, operationName, variableValues }) => {
      const operation = getOperationAST(document, operationName);
      if (operation?.operation !== OperationTypeNode.MUTATION || !variableValues) return schema;
      let plan = plans.get(operation);
      if (!plan) plans.set(operation, (plan = eventVariables(schema, document, operation)));
      const isPlain = plan.every(({ name, isList }) => holdsPlain(compiled, variableValues[name], isList));
      if (plan.length === 0 || !isPlain) return schema;
      // Plain values are objects, as the check found.
      const events = plan.flatMap(({ name }) => variableValues[name]) as Record<string, unknown>[];
      for (const event of events) compiled.fillDefaults(event);
      return twin;
    },
  };
}

function holdsPlain({ isPlain }: CompiledInput, value: unknown, isList: boolean): boolean {
  return isList ? Array.isArray(value) && value.every(isPlain) : isPlain(value);
}

/**
 * The operation's event variables; none where an event stands in the document itself, or a variable of this
 * kind has a default, may be null or is of an odd type: those go the long way.
 */
function eventVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): readonly EventVariable[] {
  let isSimple = true;
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Argument: ({ value }) => {
        const type = info.getInputType();
        if (type && getNamedType(type).name === EVENT_INPUT && value.kind !== Kind.VARIABLE) isSimple = false;
      },
    }),
  );
  const definitions = (operation.variableDefinitions ?? []).filter(
    ({ type }) => namedType(type) === EVENT_INPUT,
  );
  for (const { type, defaultValue } of definitions) {
    if (defaultValue !== undefined || !isEventType(type)) isSimple = false;
  }
  if (!isSimple) return [];
  return definitions.map(({ variable, type }) => ({ name: variable.name.value, isList: isListNode(type) }));
}

/** `EventInput!` or `[EventInput!]!`. */
function isEventType(type: TypeNode): boolean {
  if (type.kind !== Kind.NON_NULL_TYPE) return false;
  if (type.type.kind === Kind.NAMED_TYPE) return true;
  return type.type.type.kind === Kind.NON_NULL_TYPE && type.type.type.type.kind === Kind.NAMED_TYPE;
}

function isListNode(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE && type.type.kind === Kind.LIST_TYPE;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

/** The same schema but for EventInput, which is a scalar here. All output types and resolvers are shared. */
function twinOf(schema: GraphQLSchema): GraphQLSchema {
  const mutation = schema.getMutationType();
  if (!mutation) throw new Error('The schema has no mutations.');
  const scalar = new GraphQLScalarType({ name: EVENT_INPUT, parseValue: (value) => value });
  const config = mutation.toConfig();
  const fields = Object.entries(config.fields).map(
    ([name, field]) => [name, withScalar(field, scalar)] as const,
  );
  const { types, ...rest } = schema.toConfig();
  return new GraphQLSchema({
    ...rest,
    mutation: new GraphQLObjectType({ ...config, fields: Object.fromEntries(fields) }),
    types: types.filter((type) => type !== mutation && type.name !== EVENT_INPUT),
    assumeValid: true,
  });
}

function withScalar<Source, Context>(
  field: GraphQLFieldConfig<Source, Context>,
  scalar: GraphQLScalarType,
): GraphQLFieldConfig<Source, Context> {
  const args = Object.entries(field.args ?? {}).map(([name, arg]) => {
    return [name, { ...arg, type: replaced(arg.type, scalar) }] as const;
  });
  return { ...field, args: Object.fromEntries(args) };
}

function replaced(type: GraphQLInputType, scalar: GraphQLScalarType): GraphQLInputType {
  if (isNonNullType(type)) return new GraphQLNonNull(replaced(type.ofType, scalar) as GraphQLScalarType);
  if (isListType(type)) return new GraphQLList(replaced(type.ofType, scalar));
  return getNamedType(type).name === EVENT_INPUT ? scalar : type;
}

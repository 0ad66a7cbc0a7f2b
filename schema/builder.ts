import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import type PrismaTypes from '#prisma/generated/sqlite/pothos.ts';
import { getDatamodel } from '#prisma/generated/sqlite/pothos.ts';
import type { Scope } from '#server/access/scopes.ts';
import { AppError } from '#server/errors.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { PAGE_RECORDS_DEFAULT, PAGE_RECORDS_MAX } from '#server/records/page.ts';
import type { AppContext } from './context.ts';
import type { ExactJson } from './encodings.ts';
import './root-guard.ts';

/** Highest complexity of an operation: about a page of 500 records with every field. */
export const COMPLEXITY_MAX = 250_000;

/** How many items a list without a limit of its own is taken to have when complexity is counted. */
const LIST_ITEMS_ASSUMED = 10;

/**
 * The field that holds a page's items: how many they are is counted by the field that was asked for the page.
 */
export const ON_PAGE = { field: 1, multiplier: 1 } as const;

export interface BuilderTypes {
  Context: AppContext;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: { scope: Scope; anyScope: readonly Scope[] };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: string; Output: string };
    JSON: { Input: JsonValue; Output: ExactJson };
    SafeInt: { Input: number; Output: number };
  };
}

/** A new builder with nothing in it. The schema is built from `builder`; tests make their own. */
export function createBuilder() {
  return new SchemaBuilder<BuilderTypes>({
    plugins: ['rootGuard', ScopeAuthPlugin, RelayPlugin, PrismaPlugin, ValidationPlugin, ComplexityPlugin],
    defaultFieldNullability: false,
    scopeAuth: {
      authScopes: ({ caller }) => ({
        scope: (scope) => caller.scopes.has(scope),
        anyScope: (scopes) => scopes.some((scope) => caller.scopes.has(scope)),
      }),
      authorizeOnSubscribe: true,
      unauthorizedError: () => new AppError('FORBIDDEN'),
    },
    relay: {
      idFieldOptions: { description: 'Its id in the whole appliance.' },
      firstArgOptions: { description: 'How many items to give from the start of what remains.' },
      lastArgOptions: { description: 'How many items to give from the end of what remains.' },
      afterArgOptions: { description: 'Only items behind the one with this cursor.' },
      beforeArgOptions: { description: 'Only items before the one with this cursor.' },
      edgesFieldOptions: {
        nullable: false,
        description: 'The items of the page with their cursors, in order.',
        complexity: ON_PAGE,
      },
      nodeFieldOptions: { nullable: false, description: 'The item.' },
      nodesFieldOptions: { nullable: false, description: 'The items of the page, in order.' },
      cursorFieldOptions: { description: 'Opaque: give it as `after` or `before`.' },
      pageInfoFieldOptions: { description: 'Where the page lies among all items.' },
      hasNextPageFieldOptions: { description: 'Whether items follow the page, exactly.' },
      hasPreviousPageFieldOptions: { description: 'Whether items come before the page, exactly.' },
      startCursorFieldOptions: { description: 'Cursor of the first item; null on an empty page.' },
      endCursorFieldOptions: { description: 'Cursor of the last item; null on an empty page.' },
      nodeTypeOptions: { description: 'Something with an id that is unique in the whole appliance.' },
      pageInfoTypeOptions: { description: 'Where a page lies among all items.' },
      nodeQueryOptions: {
        description:
          'Any record by its id in the whole appliance; null where there is none for this token. ' +
          'Needs the scope records:read.',
        authScopes: { scope: 'records:read' },
        args: { id: { description: "A record's `id`." } },
        resolve: (_root, { id }, _ctx, _info, resolveNode) =>
          id.typename === 'Record' ? resolveNode(id) : null,
      },
      nodesQueryOptions: false,
    },
    prisma: {
      client: ({ db }) => db,
      dmmf: getDatamodel(),
      onUnusedQuery: 'error',
      maxConnectionSize: PAGE_RECORDS_MAX,
      defaultConnectionSize: PAGE_RECORDS_DEFAULT,
    },
    complexity: {
      limit: { complexity: COMPLEXITY_MAX },
      defaultListMultiplier: LIST_ITEMS_ASSUMED,
      complexityError: (_kind, { complexity }) =>
        new AppError('QUERY_TOO_COMPLEX', {
          message: `The complexity of the query is ${complexity}; the limit is ${COMPLEXITY_MAX}.`,
        }),
    },
  });
}

export const builder = createBuilder();

/** Complexity of a page: its fields count once for each item that is asked for. */
export function pageComplexity(args: {
  first?: number | null | undefined;
  last?: number | null | undefined;
}) {
  const items = args.first ?? args.last ?? PAGE_RECORDS_DEFAULT;
  return { field: 1, multiplier: Math.min(Math.max(items, 1), PAGE_RECORDS_MAX) };
}

builder.queryType({ description: 'What can be read. Every field states the scope that it needs.' });
builder.mutationType({ description: 'What can be changed. Records are only ever added.' });
builder.subscriptionType({ description: 'What can be followed, over server-sent events or graphql-ws.' });

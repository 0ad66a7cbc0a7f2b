import {
  type ASTNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import type { ErrorCode } from '#server/errors.ts';
import { ALIASES_MAX, DEPTH_MAX, DIRECTIVES_MAX, ROOT_FIELDS_MAX } from './limits.ts';

/** What an operation asks for, its fragments counted wherever they are spread. */
interface Measures {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly fields: number;
}

const NOTHING: Measures = { depth: 0, aliases: 0, directives: 0, fields: 0 };
const CODE: ErrorCode = 'QUERY_TOO_COMPLEX';

/**
 * Refuses operations that are over a limit. Fragments are measured once and counted at every spread, so a
 * document cannot hide its size in them, nor make this walk long.
 */
export const limitsRule: ValidationRule = (context) => {
  const measured = new Map<FragmentDefinitionNode, Measures | null>();

  const measureSet = (set: SelectionSetNode | undefined): Measures => {
    const parts = (set?.selections ?? []).map((selection): Measures => {
      const directives = selection.directives?.length ?? 0;
      switch (selection.kind) {
        case Kind.FIELD: {
          const inner = isIntrospection(selection.name.value) ? NOTHING : measureSet(selection.selectionSet);
          return {
            depth: inner.depth + 1,
            aliases: inner.aliases + (selection.alias ? 1 : 0),
            directives: inner.directives + directives,
            fields: 1,
          };
        }
        case Kind.INLINE_FRAGMENT: {
          const inner = measureSet(selection.selectionSet);
          return { ...inner, directives: inner.directives + directives };
        }
        case Kind.FRAGMENT_SPREAD: {
          const fragment = context.getFragment(selection.name.value);
          const inner = fragment ? measureFragment(fragment) : NOTHING;
          return { ...inner, directives: inner.directives + directives };
        }
      }
    });
    return parts.reduce(
      (sum, part) => ({
        depth: Math.max(sum.depth, part.depth),
        aliases: sum.aliases + part.aliases,
        directives: sum.directives + part.directives,
        fields: sum.fields + part.fields,
      }),
      NOTHING,
    );
  };

  const measureFragment = (fragment: FragmentDefinitionNode): Measures => {
    const known = measured.get(fragment);
    // A fragment that spreads itself is refused by another rule; here it must only not loop.
    if (known !== undefined) return known ?? NOTHING;
    measured.set(fragment, null);
    const measures = measureSet(fragment.selectionSet);
    measured.set(fragment, measures);
    return measures;
  };

  return {
    OperationDefinition: (operation: OperationDefinitionNode) => {
      const { depth, aliases, directives, fields } = measureSet(operation.selectionSet);
      const check = (what: string, value: number, limit: number): void => {
        if (value > limit)
          context.reportError(overLimit(`The query has ${value} ${what}; the limit is ${limit}.`, operation));
      };
      check('levels', depth, DEPTH_MAX);
      check('aliases', aliases, ALIASES_MAX);
      check('directives', directives + (operation.directives?.length ?? 0), DIRECTIVES_MAX);
      check('fields at the top', fields, ROOT_FIELDS_MAX);
      return false;
    },
  };
};

/**
 * Refuses the alias `then`. Yoga's executor takes every object with a member of that name for a promise, so
 * an answer with it would be an internal error.
 */
export const aliasRule: ValidationRule = (context) => ({
  Field: (field) => {
    if (field.alias?.value !== 'then') return;
    const options = { nodes: [field.alias], extensions: { code: 'BAD_USER_INPUT' } };
    context.reportError(new GraphQLError('The alias then cannot be used here.', options));
  },
});

/** Their size does not depend on data, and graphql-js limits how deep they nest. */
function isIntrospection(field: string): boolean {
  return field === '__schema' || field === '__type';
}

function overLimit(message: string, node: ASTNode): GraphQLError {
  return new GraphQLError(message, { nodes: [node], extensions: { code: CODE } });
}

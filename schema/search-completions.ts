import { AppError } from '#server/errors.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { RecordQuery } from '#server/ports/search.ts';
import { type Completion, completeQuery } from '#server/records/query/complete-query.ts';
import { findField } from '#server/records/query/fields.ts';
import { QUERY_LENGTH_MAX } from '#server/records/query/parse-query.ts';
import { quoteValue } from '#server/records/query/quote-value.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { LEDGER_ARGUMENT, openLedger } from './ledger.ts';
import { askLedger, SEARCH_ERRORS } from './question.ts';
import { checkCount } from './record-order.ts';

const READ = { scope: 'records:read' } as const;

/** Most options that are offered. */
export const COMPLETIONS_MAX = 100;
/** What two questions to the index weigh against a record's field. */
const COMPLETION_COMPLEXITY = 2000;

const CompletionKind = builder.enumType('CompletionKind', {
  description: 'What an option of the search bar is.',
  values: {
    FIELD: { description: 'A field.' },
    OPERATOR: { description: 'A word or sign of the language.' },
    PATH: { description: 'A path that values were sent under.' },
    VALUE: { description: 'A value.' },
  },
});

interface Option {
  readonly text: string;
  readonly kind: typeof CompletionKind.$inferType;
  readonly meaning: string | null;
  readonly count: number | null;
}

const SearchCompletion = builder.objectRef<Option>('SearchCompletion').implement({
  description: 'Something that can stand at the cursor.',
  authScopes: READ,
  fields: (t) => ({
    text: t.exposeString('text', {
      description: 'What to write in place of `from` to `to`, quotes included.',
    }),
    kind: t.field({ type: CompletionKind, description: 'What it is.', resolve: ({ kind }) => kind }),
    meaning: t.exposeString('meaning', { nullable: true, description: 'A sentence about it.' }),
    count: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'How many records have the path or the value; null where that was not counted.',
      resolve: ({ count }) => count,
    }),
  }),
});

interface Completions {
  readonly from: number;
  readonly to: number;
  readonly options: readonly Option[];
}

const SearchCompletions = builder.objectRef<Completions>('SearchCompletions').implement({
  description: 'What can stand at a place in a search.',
  authScopes: READ,
  fields: (t) => ({
    from: t.exposeInt('from', { description: 'Where what an option replaces begins, in UTF-16 code units.' }),
    to: t.exposeInt('to', { description: 'Where it ends.' }),
    options: t.field({
      type: [SearchCompletion],
      description: 'The options, best first.',
      resolve: ({ options }) => options,
    }),
  }),
});

builder.queryField('searchCompletions', (t) =>
  t.field({
    type: SearchCompletions,
    description:
      'What can stand at the cursor in a search: fields and operators, and the paths and values that ' +
      'records of ' +
      'the ledger have, most frequent first. Needs the scope records:read. Errors: LEDGER_NOT_FOUND, ' +
      `BAD_USER_INPUT, PAGE_TOO_LARGE, ${SEARCH_ERRORS}.`,
    authScopes: READ,
    complexity: COMPLETION_COMPLEXITY,
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      search: t.arg.string({ required: true, description: 'The text so far; it need not be right.' }),
      cursor: t.arg.int({ required: true, description: 'Where the cursor is, in UTF-16 code units.' }),
      first: t.arg.int({
        required: true,
        defaultValue: 10,
        description: `How many options, at most ${COMPLETIONS_MAX}.`,
      }),
    },
    resolve: async (_root, { ledger: id, search, cursor, first }, ctx) => {
      const count = checkCount(first, 'first', COMPLETIONS_MAX) ?? 0;
      if (cursor < 0 || cursor > search.length) {
        throw new AppError('BAD_USER_INPUT', { message: 'cursor is outside of search.', path: ['cursor'] });
      }
      const ledger = await openLedger(ctx, id);
      const completion = completeQuery(search, cursor);
      const query = await askLedger(ctx, ledger.no, EVERYTHING);
      const found = await findOptions(ctx, query, completion, count);
      const { from, to } = completion;
      // What is longer than a search helps nobody, and a record may have values of a megabyte.
      const usable = found.filter(({ text }) => text.length <= QUERY_LENGTH_MAX);
      return { from, to, options: [...knownOptions(completion), ...usable].slice(0, count) };
    },
  }),
);

function knownOptions({ options }: Completion): Option[] {
  return options.map(({ text, kind, meaning }) => ({
    text,
    kind: KINDS[kind],
    meaning,
    count: null,
  }));
}

const KINDS = { field: 'FIELD', operator: 'OPERATOR', value: 'VALUE' } as const;

/** Paths and values out of the ledger. */
async function findOptions(
  ctx: AppContext,
  query: RecordQuery,
  { kind, field, path, prefix, options }: Completion,
  first: number,
): Promise<Option[]> {
  if (kind === 'path' && field !== null) {
    const { values } = await ctx.services.search.paths(query.ledgerNo, query.size, prefix, first);
    return values.map(({ value, count }) => ({
      text: `${pathText(field, value)}:`,
      kind: 'PATH',
      meaning: null,
      count,
    }));
  }
  // Where the values are known beforehand they are among the options.
  if (kind !== 'value' || path === null || options.some((option) => option.kind === 'value')) return [];
  const { values } = await ctx.services.search.values(query, { path, prefix, first }, ctx.gone);
  return values.map(({ value, count }) => ({ text: quoteValue(value), kind: 'VALUE', meaning: null, count }));
}

/** A path as a search names it: `changes.before.role` is `before.role` there. */
function pathText(field: string, path: string): string {
  const parent = findField(field)?.path ?? field;
  const names = path.slice(parent.length + 1).split('.');
  return [field, ...names.map((name) => (PLAIN_NAME.test(name) ? name : quoteName(name)))].join('.');
}

const PLAIN_NAME = /^[\p{L}\p{N}_-]+$/u;

function quoteName(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

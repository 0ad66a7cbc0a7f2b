import { AppError } from '#server/errors.ts';
import type { FoundPageRequest, OrderField } from '#server/ports/search.ts';
import { decodeCursor } from '#server/records/cursor.ts';
import { PAGE_RECORDS_MAX } from '#server/records/page.ts';
import { builder } from './builder.ts';

const DirectionType = builder.enumType('Direction', {
  description: 'Which end comes first.',
  values: { ASC: { description: 'Lowest first.' }, DESC: { description: 'Highest first.' } },
});

const RecordOrderField = builder.enumType('RecordOrderField', {
  description: 'What records are ordered by.',
  values: {
    RECORDED: { description: 'The order they were recorded in, that is, by index.' },
    OCCURRED: { description: 'When they happened; of those that happened at once, by index.' },
  },
});

/** In which order records are given. */
export const RecordOrder = builder.inputType('RecordOrder', {
  description: 'In which order records are given.',
  fields: (t) => ({
    field: t.field({
      type: RecordOrderField,
      required: true,
      defaultValue: 'RECORDED',
      description: 'What to order by.',
    }),
    direction: t.field({
      type: DirectionType,
      required: true,
      defaultValue: 'DESC',
      description: 'Which end comes first.',
    }),
  }),
});

/** What a page of records is asked for with. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly before?: string | null | undefined;
  readonly skip?: number | null | undefined;
  readonly orderBy?: typeof RecordOrder.$inferInput | null | undefined;
}

/** Checks what the schema's types cannot. Throws AppError BAD_USER_INPUT, PAGE_TOO_LARGE, CURSOR_INVALID. */
export function checkPage(args: PageArguments): FoundPageRequest {
  const first = checkCount(args.first, 'first');
  const last = checkCount(args.last, 'last');
  if (first !== null && last !== null) {
    throw new AppError('BAD_USER_INPUT', { message: 'Give first or last, not both.', path: ['last'] });
  }
  const field: OrderField = args.orderBy?.field ?? 'RECORDED';
  return {
    field,
    direction: args.orderBy?.direction ?? 'DESC',
    first,
    last,
    after: typeof args.after === 'string' ? decodeCursor(args.after, 'after', field) : null,
    before: typeof args.before === 'string' ? decodeCursor(args.before, 'before', field) : null,
    skip: checkSkip(args),
  };
}

/** How many are passed over; it takes the place of a cursor. */
function checkSkip({ skip, last, after, before }: PageArguments): number {
  if (skip === null || skip === undefined) return 0;
  const refuse = (message: string): AppError => new AppError('BAD_USER_INPUT', { message, path: ['skip'] });
  if (skip < 0) throw refuse('skip is below 0.');
  if ([last, after, before].some((other) => other !== null && other !== undefined)) {
    throw refuse('Give skip only with first, not with last, after or before.');
  }
  return skip;
}

/**
 * A number of items that is asked for, from 0 to `max`; `null` where it was left out.
 *
 * @throws AppError BAD_USER_INPUT, PAGE_TOO_LARGE
 */
export function checkCount(
  count: number | null | undefined,
  argument: string,
  max: number = PAGE_RECORDS_MAX,
): number | null {
  if (count === null || count === undefined) return null;
  if (count < 0)
    throw new AppError('BAD_USER_INPUT', { message: `${argument} is below 0.`, path: [argument] });
  if (count > max) {
    throw new AppError('PAGE_TOO_LARGE', {
      message: `${argument} is ${count}; the limit is ${max}.`,
      path: [argument],
    });
  }
  return count;
}

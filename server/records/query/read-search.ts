import { AppError } from '#server/errors.ts';
import type { Condition } from '#server/ports/condition.ts';
import { parseQuery } from './parse-query.ts';

/**
 * The condition that a search stands for.
 *
 * @throws AppError SEARCH_INVALID, which says where the first mistake is and what was expected
 */
export function readSearch(text: string): Condition {
  const { condition, problems } = parseQuery(text);
  if (condition !== undefined) return condition;
  // There is at least one.
  const message = problems.slice(0, 1).map(({ from, message: said }) => `Column ${from + 1}: ${said}`);
  throw new AppError('SEARCH_INVALID', { path: ['search'], message: message.join('') });
}

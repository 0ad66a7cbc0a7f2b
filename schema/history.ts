import type { AppContext, Reading } from './context.ts';

/**
 * Reads records where that costs the primary nothing, and asks the primary where the copy does not have them
 * yet. What is recorded never changes, so whatever the copy does have is right.
 *
 * @param isWhole whether what was found is all there can be, whatever has been recorded since
 */
export async function fromHistory<Found>(
  ctx: Pick<AppContext, keyof Reading>,
  read: (db: Reading['db']) => Promise<Found>,
  isWhole: (found: Found) => boolean,
): Promise<Found> {
  const found = await read(ctx.history);
  return ctx.history === ctx.db || isWhole(found) ? found : await read(ctx.db);
}

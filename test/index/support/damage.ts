import { AppError } from '#server/errors.ts';

/** The code of what a read of damaged bytes throws; `null` where it throws nothing. Anything else goes on. */
export function damageOrNone(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof AppError && error.code === 'INDEX_DAMAGED') return error.code;
    throw error;
  }
}

/** As above, for a read that has to throw. */
export function damageOf(read: () => unknown): string {
  const damage = damageOrNone(read);
  if (damage === null) throw new Error('It was read as if it were not damaged');
  return damage;
}

/** The same for a read that takes its time. */
export async function damageLater(read: () => Promise<unknown>): Promise<string | null> {
  try {
    await read();
    return null;
  } catch (error) {
    if (error instanceof AppError && error.code === 'INDEX_DAMAGED') return error.code;
    throw error;
  }
}

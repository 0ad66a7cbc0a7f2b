import { AppError } from '#server/errors.ts';

const PREFIX = 'i:';
const FORM = /^i:(0|[1-9]\d{0,15})$/;

/** The opaque form of an index in pages of records. */
export function encodeCursor(index: number): string {
  return Buffer.from(PREFIX + index, 'latin1').toString('base64url');
}

/**
 * The index that a cursor stands for.
 *
 * @throws AppError CURSOR_INVALID where the text is not exactly what `encodeCursor` gives for some index.
 */
export function decodeCursor(cursor: string, argument: string): number {
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  const index = Number(match?.[1]);
  if (!Number.isSafeInteger(index) || encodeCursor(index) !== cursor) {
    throw new AppError('CURSOR_INVALID', { path: [argument] });
  }
  return index;
}

import { AppError } from '#server/errors.ts';
import type { OrderField, Position } from '#server/ports/search.ts';

const INDEX = '(0|[1-9]\\d{0,15})';
const FORMS: Readonly<Record<OrderField, RegExp>> = {
  RECORDED: new RegExp(`^i:${INDEX}$`),
  OCCURRED: new RegExp(`^o:(0|-?[1-9]\\d{0,15})\\.(\\d{6}):${INDEX}$`),
};

/** The opaque form of a position in pages of records; without a time it is one in the order RECORDED. */
export function encodeCursor({ index, occurred }: Position): string {
  const text =
    occurred === null ? `i:${index}` : `o:${occurred.ms}.${String(occurred.nanos).padStart(6, '0')}:${index}`;
  return Buffer.from(text, 'latin1').toString('base64url');
}

/**
 * The position that a cursor stands for.
 *
 * @throws AppError CURSOR_INVALID where the text is not exactly what `encodeCursor` gives for some position
 *   in this order.
 */
export function decodeCursor(cursor: string, argument: string, field: OrderField): Position {
  const match = FORMS[field].exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  const position = field === 'RECORDED' ? recordedAt(match) : occurredAt(match);
  if (!Number.isSafeInteger(position.index) || encodeCursor(position) !== cursor) {
    throw new AppError('CURSOR_INVALID', { path: [argument] });
  }
  return position;
}

function recordedAt(match: RegExpExecArray | null): Position {
  return { index: Number(match?.[1]), occurred: null };
}

function occurredAt(match: RegExpExecArray | null): Position {
  return {
    index: Number(match?.[3]),
    occurred: { ms: Number(match?.[1]), nanos: Number(match?.[2]) },
  };
}

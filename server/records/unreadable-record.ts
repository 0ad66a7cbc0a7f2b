import { AppError } from '#server/errors.ts';

/** The error for a record whose stored bytes are no content: someone altered them. */
export function unreadableRecord(index: number, cause: unknown): AppError {
  const message = `The content of record ${index} cannot be read. Verify the ledger.`;
  return new AppError('INTERNAL', { message, cause });
}

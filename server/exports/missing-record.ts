import { AppError } from '#server/errors.ts';

/** The error for an index that has no record: an export that leaves it out would hide that. */
export function missingRecord(index: number): AppError {
  return new AppError('RECORD_NOT_FOUND', {
    message: `The record with index ${index} is missing from the ledger. Verify the ledger.`,
  });
}

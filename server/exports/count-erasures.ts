import type { LedgerArchive } from '#server/ports/ledger-archive.ts';

/**
 * How many erasures of records below `size` were carried out. It only grows: an export that was written when
 * it was the same as now holds nothing that was erased.
 *
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function countErasures(
  archive: Pick<LedgerArchive, 'erasures'>,
  ledgerNo: number,
  size: number,
): Promise<number> {
  return (await archive.erasures(ledgerNo, 0, size)).length;
}

import { AppError } from '#server/errors.ts';
import type { SqliteDatabase } from './open.ts';

/** The row number of a ledger by its id. Ledgers are never deleted, so what was found once stays true. */
export interface LedgerNumbers {
  find(id: string): number | null;
  /** @throws AppError LEDGER_NOT_FOUND */
  get(id: string): number;
}

export function createLedgerNumbers(db: SqliteDatabase): LedgerNumbers {
  const select = db.prepare<[string], { no: number }>('SELECT no FROM ledger WHERE id = ?');
  const known = new Map<string, number>();
  const find = (id: string): number | null => {
    const cached = known.get(id);
    if (cached !== undefined) return cached;
    const row = select.get(id);
    if (!row) return null;
    known.set(id, row.no);
    return row.no;
  };
  return {
    find,
    get(id) {
      const no = find(id);
      if (no === null) throw new AppError('LEDGER_NOT_FOUND');
      return no;
    },
  };
}

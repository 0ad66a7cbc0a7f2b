import { AppError } from '#server/errors.ts';
import type { Queryable } from './open.ts';

/** The numbers that ledgers have in the tables. They never change, so they are looked up once. */
export interface LedgerNumbers {
  /** `null` where there is no such ledger. */
  find(db: Queryable, ledger: string): Promise<number | null>;
  /** Errors: LEDGER_NOT_FOUND. */
  get(db: Queryable, ledger: string): Promise<number>;
  /** The ledger of a number. Errors: LEDGER_NOT_FOUND. */
  ledgerOf(db: Queryable, no: number): Promise<string>;
}

export function createLedgerNumbers(): LedgerNumbers {
  const numbers = new Map<string, number>();
  const ledgers = new Map<number, string>();
  const know = (ledger: string, no: number): void => {
    numbers.set(ledger, no);
    ledgers.set(no, ledger);
  };
  const find = async (db: Queryable, ledger: string): Promise<number | null> => {
    const known = numbers.get(ledger);
    if (known !== undefined) return known;
    // A ledger id has no U+0000; Postgres would refuse the question.
    if (ledger.includes('\u0000')) return null;
    const { rows } = await db.query<{ no: number }>('SELECT no FROM ledger WHERE id = $1', [ledger]);
    const no = rows[0]?.no;
    if (no === undefined) return null;
    know(ledger, no);
    return no;
  };
  return {
    find,
    async get(db, ledger) {
      const no = await find(db, ledger);
      if (no === null) throw new AppError('LEDGER_NOT_FOUND');
      return no;
    },
    async ledgerOf(db, no) {
      const known = ledgers.get(no);
      if (known !== undefined) return known;
      const { rows } = await db.query<{ id: string }>('SELECT id FROM ledger WHERE no = $1', [no]);
      const ledger = rows[0]?.id;
      if (ledger === undefined) throw new AppError('LEDGER_NOT_FOUND');
      know(ledger, no);
      return ledger;
    },
  };
}

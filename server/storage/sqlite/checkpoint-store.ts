import type { Hash } from '#server/ledger/hash.ts';
import type { CheckpointStore } from '#server/ports/ledger-store.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { type SqliteDatabase, toBlob, translated } from './open.ts';

interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly created_at: number;
}

/** Reads, and over a connection that writes also adds, checkpoints. */
export function createSqliteCheckpointStore(db: SqliteDatabase): CheckpointStore {
  const numbers = createLedgerNumbers(db);
  const latest = db.prepare<[number], CheckpointRow>(
    'SELECT size, root, note, created_at FROM checkpoint WHERE ledger_no = ? ORDER BY size DESC LIMIT 1',
  );
  const add = db.prepare(
    `INSERT INTO checkpoint (ledger_no, size, root, note, created_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (ledger_no, size) DO NOTHING`,
  );
  return {
    async latest(ledger) {
      return translated(() => {
        const row = latest.get(numbers.get(ledger));
        if (!row) return null;
        const root = row.root.toString('base64') as Hash;
        return { size: row.size, root, note: row.note, createdAt: row.created_at };
      });
    },
    async add(ledger, { size, root, note, createdAt }) {
      translated(() => add.run(numbers.get(ledger), size, toBlob(root), note, createdAt));
    },
  };
}

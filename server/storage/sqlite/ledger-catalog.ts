import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { genesisPrev } from '#server/ledger/entry.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import type { LedgerCatalog, LedgerIdentity } from '#server/ports/ledger-store.ts';
import { type SqliteDatabase, toBlob, translated } from './open.ts';

interface LedgerRow {
  readonly id: string;
  readonly name: string | null;
  readonly origin: string;
  readonly vkey: string;
  readonly created_at: number;
}

/** Reads, and over a connection that writes also creates, ledgers. */
export function createSqliteLedgerCatalog(db: SqliteDatabase, sha256: Sha256): LedgerCatalog {
  const columns = 'id, name, origin, vkey, created_at';
  const list = db.prepare<[], LedgerRow>(`SELECT ${columns} FROM ledger ORDER BY id`);
  const find = db.prepare<[string], LedgerRow>(`SELECT ${columns} FROM ledger WHERE id = ?`);
  const insertLedger = db.prepare(
    'INSERT INTO ledger (id, name, origin, vkey, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  const insertHead = db.prepare(
    'INSERT INTO head (ledger_no, size, root, frontier, prev, recorded_at) VALUES (?, 0, ?, ?, ?, 0)',
  );
  const create = db.transaction((identity: LedgerIdentity) => {
    const { id, name, origin, vkey, createdAt } = identity;
    if (find.get(id)) throw new AppError('LEDGER_EXISTS');
    const { lastInsertRowid } = insertLedger.run(id, name, origin, vkey, createdAt);
    const [root, prev] = [emptyRoot(sha256), genesisPrev(sha256, origin)];
    insertHead.run(lastInsertRowid, toBlob(root), Buffer.alloc(0), toBlob(prev));
  });
  return {
    async list() {
      return translated(() => list.all().map(toIdentity));
    },
    async find(id) {
      return translated(() => {
        const row = find.get(id);
        return row ? toIdentity(row) : null;
      });
    },
    async create(identity) {
      translated(() => create.immediate(identity));
    },
  };
}

function toIdentity({ id, name, origin, vkey, created_at }: LedgerRow): LedgerIdentity {
  return { id, name, origin, vkey, createdAt: created_at };
}

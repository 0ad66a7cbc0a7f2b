import type { WitnessedCheckpoint, WitnessStore } from '#server/ports/witness-store.ts';
import { type SqliteDatabase, toBlob, translated } from './open.ts';

interface Row {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly updated_at: number;
}

/** Reads, and over a connection that writes also advances, what this appliance cosigned for foreign logs. */
export function createSqliteWitnessStore(db: SqliteDatabase): WitnessStore {
  const latest = db.prepare<[string], Row>('SELECT * FROM witnessed_checkpoint WHERE origin = ?');
  const insert = db.prepare(
    'INSERT INTO witnessed_checkpoint (size, root, note, updated_at, origin) VALUES (?, ?, ?, ?, ?)',
  );
  const update = db.prepare(
    'UPDATE witnessed_checkpoint SET size = ?, root = ?, note = ?, updated_at = ? WHERE origin = ?',
  );
  const advance = db.transaction((from: number, to: WitnessedCheckpoint): boolean => {
    const before = latest.get(to.origin);
    if ((before?.size ?? 0) !== from || to.size < from) return false;
    const root = toBlob(to.root);
    if (before?.size === to.size && !before.root.equals(root)) return false;
    (before ? update : insert).run(to.size, root, to.note, to.at, to.origin);
    return true;
  });
  return {
    async latest(origin) {
      return translated(() => {
        const row = latest.get(origin);
        if (!row) return null;
        const { size, root, note, updated_at: at } = row;
        return { origin, size, root: root.toString('base64'), note, at };
      });
    },
    async advance(from, to) {
      // Crash before the commit: nothing was cosigned. After it: the log comes again for its cosignature.
      return translated(() => advance.immediate(from, to));
    },
  };
}

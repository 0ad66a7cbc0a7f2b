import { AppError } from '#server/errors.ts';
import { type SavedView, type ViewStore, VIEWS_MAX } from '#server/ports/view-store.ts';
import { type SqliteDatabase, translated } from './open.ts';

interface ViewRow {
  readonly id: string;
  readonly ledger_no: number;
  readonly name: string;
  readonly parameters: string;
  readonly created_at: number;
  readonly created_by: string;
}

/** The saved views in the database. */
export function createSqliteViewStore(db: SqliteDatabase): ViewStore {
  const byId = db.prepare<[string], ViewRow>('SELECT * FROM saved_view WHERE id = ?');
  const byName = db
    .prepare<[number, string, string], string>(
      'SELECT id FROM saved_view WHERE ledger_no = ? AND created_by = ? AND name = ?',
    )
    .pluck();
  const count = db.prepare<[number], number>('SELECT count(*) FROM saved_view WHERE ledger_no = ?').pluck();
  const insert = db.prepare(
    `INSERT INTO saved_view (id, ledger_no, name, parameters, created_at, created_by)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const replace = db.prepare('UPDATE saved_view SET parameters = ?, created_at = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM saved_view WHERE id = ?');
  const save = db.transaction((view: SavedView): SavedView => {
    const { id, ledgerNo, name, parameters, createdAt, createdBy } = view;
    const known = byName.get(ledgerNo, createdBy, name);
    if (known !== undefined) {
      replace.run(parameters, createdAt, known);
      return { ...view, id: known };
    }
    if ((count.get(ledgerNo) ?? 0) >= VIEWS_MAX) throw new AppError('VIEWS_FULL');
    insert.run(id, ledgerNo, name, parameters, createdAt, createdBy);
    return view;
  });
  return {
    async save(view) {
      return translated(() => save.immediate(view));
    },
    async find(id) {
      return translated(() => toView(byId.get(id)));
    },
    async delete(id) {
      return translated(() => remove.run(id).changes === 1);
    },
  };
}

function toView(row: ViewRow | undefined): SavedView | null {
  if (!row) return null;
  return {
    id: row.id,
    ledgerNo: row.ledger_no,
    name: row.name,
    parameters: row.parameters,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

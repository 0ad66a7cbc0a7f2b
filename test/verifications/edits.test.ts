import { describe, expect, it } from 'vitest';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { VerificationResult } from '#server/verifications/verification.ts';
import {
  ANY_TYPE,
  type ColumnEdits,
  EVIDENCE,
  type EvidenceTable,
  mutations,
  NO_EVIDENCE,
  type Row,
} from './column-edits.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { type EditableArchive, openEditablePostgres, openEditableSqlite } from './editable-archive.ts';
import { LEDGER, shown, SIZE, verifySample } from './sample-archive.ts';

const DATABASES = [
  { name: 'SQLite', open: openEditableSqlite },
  { name: 'Postgres', open: openEditablePostgres },
];
const TIMEOUT_MS = 240_000;

/** Verifies the ledger whose number is 1, whatever it is called by now, or where it is. */
async function verifyEdited(archive: LedgerArchive): Promise<VerificationResult> {
  const ledgers = await archive.ledgers();
  const id = ledgers.find(({ no }) => no === 1)?.id ?? LEDGER;
  return await verifySample(archive, { request: { ledger: id } });
}

function valuesOf(edits: ColumnEdits, row: Row, column: string, isSqlite: boolean): readonly unknown[] {
  const values = [...(edits.values?.(row) ?? mutations(row[column]))];
  if (isSqlite && edits.anyType === true) values.push(...ANY_TYPE);
  const before = row[column];
  return values.filter((value) => {
    if (value instanceof Uint8Array && before instanceof Uint8Array)
      return Buffer.compare(value, before) !== 0;
    return value !== before;
  });
}

function isFound(result: VerificationResult, edits: ColumnEdits, row: Row): boolean {
  const expected = edits.expected?.(row);
  if (expected === undefined) return result.breakCount === 0;
  const { kind, from, to = from } = expected;
  return result.breaks.some((found) => {
    if (found.kind !== kind) return false;
    if (from === null || to === null || found.index === null) return found.index === from;
    return found.index >= from && found.index <= to;
  });
}

/** Makes one edit after another, each alone, and gives those that were not found as they should be. */
async function editAll(target: EditableArchive, table: string, { key, rows, columns }: EvidenceTable) {
  const wrong: string[] = [];
  let edits = 0;
  for (const row of await target.rows(table, rows)) {
    const where = key.map((name, i) => `"${name}" = $${i + 2}`).join(' AND ');
    for (const [column, decided] of Object.entries(columns)) {
      for (const value of valuesOf(decided, row, column, target.isSqlite)) {
        const keys = key.map((name) => row[name]);
        await target.run(`UPDATE "${table}" SET "${column}" = $1 WHERE ${where}`, [value, ...keys]);
        const result = await verifyEdited(target.archive);
        edits += 1;
        if (!isFound(result, decided, row)) {
          const to = value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
          wrong.push(
            `${table}.${column} of ${JSON.stringify(keys)} to ${to}: ${shown(result).slice(0, 8).join()}`,
          );
        }
        await target.undo();
      }
    }
  }
  return { wrong, edits };
}

describe.each(DATABASES)('edits behind the appliance, on $name', ({ open }) => {
  it('has a decision for every column of evidence and every table that the database has', async () => {
    const target = await open();
    for (const [table, { columns }] of Object.entries(EVIDENCE)) {
      expect([...(await target.columns(table))].sort(), table).toEqual(Object.keys(columns).sort());
    }
    const decided = new Set([...Object.keys(EVIDENCE), ...Object.keys(NO_EVIDENCE)]);
    const tables = (await target.tables()).filter(
      (table) => !table.startsWith('_') && !table.startsWith('test_'),
    );
    expect(tables.filter((table) => !decided.has(table))).toEqual([]);
    expect(tables.length).toBeGreaterThan(8);
  });

  it('finds nothing while nothing is edited', async () => {
    const target = await open();
    expect(shown(await verifyEdited(target.archive))).toEqual([]);
    expect(shown(await verifySample(target.archive, { seen: [target.note] }))).toEqual([]);
  });

  it.each(Object.entries(EVIDENCE))(
    'finds every edit of every column of the table %s, by kind and index',
    async (table, decided) => {
      const { wrong, edits } = await editAll(await open(), table, decided);
      expect(wrong).toEqual([]);
      expect(edits).toBeGreaterThanOrEqual(decided.key.length);
    },
    TIMEOUT_MS,
  );
});

describe('a SQLite database full of garbage', () => {
  it(
    'is verified to its end, and found broken, whatever stands in its columns',
    async () => {
      const target = await openEditableSqlite();
      const random = new SeededRandom(31);
      for (let round = 0; round < 60; round++) {
        for (let edits = 0; edits < 8; edits++) {
          const [table, { columns, rows }] = random.pick(Object.entries(EVIDENCE));
          const column = random.pick(Object.keys(columns));
          const where = table === 'record' ? `ledger_no = 1 AND idx % 7 = ${random.below(7)}` : rows;
          await target
            .run(`UPDATE OR IGNORE "${table}" SET "${column}" = $1 WHERE ${where}`, [random.pick(ANY_TYPE)])
            .catch(() => undefined);
        }
        await target.run(
          `UPDATE record SET entry = x'00ff' WHERE idx = ${random.below(SIZE)} OR ledger_no = 1`,
        );
        const ledgers = await target.archive.ledgers();
        const ledger = ledgers.find(({ no, id }) => no === 1 && typeof id === 'string');
        if (ledger !== undefined && (await target.archive.ledger(ledger.id)) !== null) {
          const { breakCount } = await verifySample(target.archive, { request: { ledger: ledger.id } });
          expect(breakCount).toBeGreaterThan(0);
        }
        await target.undo();
      }
    },
    TIMEOUT_MS,
  );
});

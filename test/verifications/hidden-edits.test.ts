import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import type { PostgresStorage } from '#test/support/postgres-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { type EditableArchive, openEditablePostgres, openEditableSqlite } from './editable-archive.ts';
import { erase, recordErasure } from './erased-sample.ts';
import { indexSample } from './index-sample.ts';
import { LEDGER, shown, SIGNED, SIZE, verifySample } from './sample-archive.ts';

const DATABASES = [
  { name: 'SQLite', open: openEditableSqlite, openSegments: openSqliteSegments },
  {
    name: 'Postgres',
    open: openEditablePostgres,
    openSegments: (target: EditableArchive) =>
      createPostgresSegmentStore((target.storage as PostgresStorage).pool),
  },
];

function openSqliteSegments(): SegmentStore {
  const file = join(temporaryFolder(), 'index.db');
  const store = openSegmentStore({ file, format: FORMAT_VERSION, owner: 'test', onMade: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

/** What SQLite lets stand in any column. */
const NO_NUMBER: unknown = 'x';
const NO_BYTES: unknown = 'abc';
const SYSTEM = "(SELECT no FROM ledger WHERE id = 'system')";

describe.each(DATABASES)('edits that hide other edits, on $name', ({ open, openSegments }) => {
  it.each([
    { name: 'head', edit: `UPDATE head SET root = $1 WHERE ledger_no = ${SYSTEM}` },
    {
      name: 'checkpoint',
      edit: `INSERT INTO checkpoint (ledger_no, size, root, note, created_at)
        VALUES (${SYSTEM}, 1, $1, 'x', 1)`,
    },
  ])('does not take an event for the erasure that the $name of system does not have', async ({ edit }) => {
    const target = await open();
    await recordErasure(target, { ledger: LEDGER, index: 100, sections: ['actor'] });
    await erase(target, 100);
    expect(shown(await verifySample(target.archive))).toEqual([]);
    await target.run(edit, [Buffer.alloc(32, 7)]);
    expect(shown(await verifySample(target.archive))).toEqual(['CONTENT_MISMATCH 100']);
  });

  it('says which records no checkpoint covers, and finds those that one must have covered', async () => {
    const target = await open();
    const [covered] = SIGNED;
    await target.run(`DELETE FROM cosignature WHERE size > ${covered}`);
    await target.run(`DELETE FROM checkpoint WHERE ledger_no = 1 AND size > ${covered}`);
    const soon = await verifySample(target.archive);
    expect(shown(soon)).toEqual([]);
    expect(soon.notChecked.join()).toContain(`who recorded the newest ${SIZE - covered} records`);
    await target.run(
      `UPDATE record SET recorded_at = recorded_at + 7200000 WHERE ledger_no = 1 AND idx = ${SIZE - 1}`,
    );
    const late = shown(await verifySample(target.archive));
    expect(late).toContain(`SIGNATURE_INVALID ${covered}`);
  });

  it('finds parts of the search copy that lie over others, and those that are no parts', async () => {
    const target = await open();
    const store = openSegments(target);
    await target.recording(() => indexSample(target, store, 0, SIZE));
    const [whole] = await store.list(1);
    if (whole === undefined) throw new Error('There is no segment');
    const read: SegmentStore['read'] = (no, pages) => store.read(no, pages);
    for (const [parts, expected] of [
      [[whole, { id: 9, from: 100, to: 200 }], ['INDEX_DRIFT 100']],
      [[{ id: 9, from: -5, to: 0 }, whole], ['INDEX_DRIFT']],
      [[whole, { id: 9, from: 5, to: NO_NUMBER as number }], ['INDEX_DRIFT 5']],
    ] as const) {
      const segments = { list: async () => parts, read };
      expect(shown(await verifySample(target.archive, { segments }))).toEqual(expected);
    }
  });

  it('finds that the search copy holds no bytes, or is damaged, and comes to its end', async () => {
    const target = await open();
    const store = openSegments(target);
    await target.recording(() => indexSample(target, store, 0, SIZE));
    const list: SegmentStore['list'] = (no) => store.list(no);
    const texts = {
      list,
      read: async (_: number, pages: readonly unknown[]) => pages.map(() => NO_BYTES as Uint8Array),
    };
    expect(shown(await verifySample(target.archive, { segments: texts }))).toEqual(['INDEX_DRIFT 0']);
    const damaged = {
      list,
      read: async (): Promise<never> => {
        throw new AppError('INDEX_DAMAGED');
      },
    };
    expect(shown(await verifySample(target.archive, { segments: damaged }))).toEqual(['INDEX_DRIFT 0']);
  });
});

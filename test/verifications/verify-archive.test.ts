import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FORMAT_VERSION } from '#server/index/header.ts';
import { sectionPreimage } from '#server/ledger/section.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import type { VerificationProgress } from '#server/verifications/verification.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import type { PostgresStorage } from '#test/support/postgres-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { type EditableArchive, openEditablePostgres, openEditableSqlite } from './editable-archive.ts';
import { indexSample } from './index-sample.ts';
import { LEDGER, recordSample, shown, signSample, SIZE, verifySample } from './sample-archive.ts';

/** The search copy of each database, as its appliance keeps it. */
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

/** What an aborted verification reported last, as the job's row keeps it. */
async function abortAfterFirstReport(target: EditableArchive, request = {}): Promise<VerificationProgress> {
  const controller = new AbortController();
  let last: string | null = null;
  const run = verifySample(target.archive, {
    request,
    signal: controller.signal,
    report: (progress) => {
      last = JSON.stringify(progress);
      controller.abort(new Error('stopped'));
    },
  });
  await expect(run).rejects.toThrow('stopped');
  return JSON.parse(last ?? '{}') as VerificationProgress;
}

describe.each(DATABASES)('verification of an archive, on $name', ({ open, openSegments }) => {
  it('finds nothing in a genuine ledger, and says how much it looked at and what it did not', async () => {
    const target = await open();
    const result = await verifySample(target.archive, { seen: [target.note] });
    expect(shown(result)).toEqual([]);
    expect(result).toMatchObject({ checked: SIZE, total: SIZE, size: SIZE, breakCount: 0 });
    expect(result.root).toBe((await target.storage.store.head(LEDGER))?.root);
    expect(result.notChecked).toEqual(['the search copy']);
    const others = await verifySample(target.archive, { deps: { witnessVkeys: [] } });
    expect(others.notChecked.join()).toContain('2 cosignatures');
  });

  it('verifies what was there at its start while the ledger grows', async () => {
    const target = await open();
    let grown = 0;
    const growing: LedgerArchive = {
      ...target.archive,
      async records(no, from, to) {
        const records = await target.archive.records(no, from, to);
        if (grown < 3) {
          grown += 1;
          await target.recording(async () => {
            await recordSample(target.storage, SIZE + grown * 20, 20);
            await signSample(target.storage, target.cosignatures, NOW + 10 + grown);
          });
        }
        return records;
      },
    };
    const result = await verifySample(growing, { seen: [target.note] });
    expect(shown(result)).toEqual([]);
    expect(result).toMatchObject({ checked: SIZE, size: SIZE });
    expect(shown(await verifySample(target.archive))).toEqual([]);
  });

  it('goes on where an earlier run was, and finds what one run finds', async () => {
    const target = await open();
    await target.run('UPDATE record SET recorded_at = 5 WHERE ledger_no = 1 AND idx IN (3, 40, 200, 299)');
    await target.run('DELETE FROM record WHERE ledger_no = 1 AND idx IN (7, 250)');
    await target.run('DELETE FROM tile WHERE ledger_no = 1 AND level = 0 AND idx = 0');
    const whole = await verifySample(target.archive, { seen: [target.note] });
    const { resume, checked, breakCount } = await abortAfterFirstReport(target);
    expect(checked).toBeGreaterThan(0);
    expect(checked).toBeLessThan(SIZE);
    expect(breakCount).toBe(3);
    const resumed = await verifySample(target.archive, { seen: [target.note], resume });
    expect(shown(resumed).sort()).toEqual(shown(whole).sort());
    expect(resumed).toMatchObject({ checked: whole.checked, breakCount: whole.breakCount, root: whole.root });
  });

  it('begins anew with a state that is none, or is of something else', async () => {
    const target = await open();
    const { resume } = await abortAfterFirstReport(target);
    const state = resume as { walk: { tree: object } };
    const bad = [
      5,
      'x',
      {},
      { ...state, size: SIZE + 1 },
      { ...state, ledger: 'other' },
      { ...state, from: 1, to: 2 },
      { ...state, walk: null },
      { ...state, walk: { ...state.walk, tree: { ...state.walk.tree, frontier: [] } } },
      { ...state, walk: { ...state.walk, tree: { ...state.walk.tree, size: 63 } } },
      { ...state, walk: { ...state.walk, next: 70 } },
    ];
    for (const one of bad) {
      const result = await verifySample(target.archive, { resume: one });
      expect(shown(result), JSON.stringify(one).slice(0, 80)).toEqual([]);
      expect(result.checked).toBe(SIZE);
    }
  });

  it('verifies a range: what is in it, its left neighbour, and the tree above it', async () => {
    const target = await open();
    const request = { from: 90, to: 270 };
    const clean = await verifySample(target.archive, { request });
    expect(shown(clean)).toEqual([]);
    expect(clean).toMatchObject({ checked: 180, total: 180, size: SIZE });
    await target.run('UPDATE record SET recorded_at = 5 WHERE ledger_no = 1 AND idx IN (5, 100, 280)');
    expect(shown(await verifySample(target.archive, { request }))).toEqual(['INDEX_DRIFT 100']);
    await target.undo();
    await target.run('DELETE FROM record WHERE ledger_no = 1 AND idx IN (89, 120, 269, 270)');
    expect(shown(await verifySample(target.archive, { request }))).toEqual(['MISSING 120', 'MISSING 269']);
    await target.undo();
    const leaf = (await target.rows('record', 'ledger_no = 1 AND idx = 5'))[0]?.['leaf_hash'];
    await target.run('UPDATE record SET leaf_hash = $1 WHERE ledger_no = 1 AND idx = 89', [leaf]);
    expect(shown(await verifySample(target.archive, { request }))).toEqual(['CHAIN_BROKEN 90']);
    await target.undo();
    await target.run('UPDATE tile SET hashes = $1 WHERE ledger_no = 1 AND level = 1 AND idx = 0', [leaf]);
    const above = shown(await verifySample(target.archive, { request }));
    expect(above).toEqual(['ROOT_MISMATCH 256', 'ROOT_MISMATCH']);
    await target.undo();
    await target.run('UPDATE head SET root = $1 WHERE ledger_no = 1', [leaf]);
    const root = shown(await verifySample(target.archive, { request }));
    expect(root).toEqual(['ROOT_MISMATCH 90', 'ROOT_MISMATCH 256']);
    const { resume } = await abortAfterFirstReport(target, request);
    expect(shown(await verifySample(target.archive, { request, resume }))).toContain('ROOT_MISMATCH 256');
  });

  it('refuses a range that is none, and a ledger that is not there', async () => {
    const { archive } = await open();
    for (const [from, to] of [
      [5, 5],
      [6, 5],
      [0, SIZE + 1],
      [SIZE, SIZE + 1],
    ] as const) {
      expect(await codeOf(verifySample(archive, { request: { from, to } }))).toBe('BAD_USER_INPUT');
    }
    expect(await codeOf(verifySample(archive, { request: { ledger: 'none' } }))).toBe('LEDGER_NOT_FOUND');
    expect(await verifySample(archive, { request: { from: SIZE - 1, to: null } })).toMatchObject({
      checked: 1,
    });
  });

  it('rejects in an outage and takes it for no break', async () => {
    const { archive } = await open();
    const outage = async (): Promise<never> => {
      throw new Error('the disk is gone');
    };
    for (const broken of [
      { tile: outage },
      { records: outage },
      { checkpoints: outage },
      { cosignatures: outage },
    ]) {
      await expect(verifySample({ ...archive, ...broken })).rejects.toThrow('the disk is gone');
      const range = { request: { from: 3, to: 9 } };
      if (!('cosignatures' in broken)) {
        await expect(verifySample({ ...archive, ...broken }, range)).rejects.toThrow('the disk is gone');
      }
    }
  });

  it('holds the search copy against the records, and takes one that is behind for no break', async () => {
    const target = await open();
    const segments = openSegments(target);
    expect(shown(await verifySample(target.archive, { segments }))).toEqual([]);
    await target.recording(async () => {
      await indexSample(target, segments, 0, 100);
      await indexSample(target, segments, 100, 250);
    });
    const result = await verifySample(target.archive, { segments });
    expect(shown(result)).toEqual([]);
    expect(result).toMatchObject({ indexChecked: 250, checked: SIZE });
    // Behind it there is no copy that could differ.
    expect(result.notChecked).toEqual([]);
  });

  it('finds the record of which the search copy tells something else', async () => {
    const target = await open();
    const segments = openSegments(target);
    const other = sectionPreimage(new Uint8Array(16), '{"details":{"note":"another one"}}');
    await target.recording(async () => {
      await indexSample(target, segments, 0, 100);
      await indexSample(target, segments, 100, 250, (record) => {
        if (record.index !== 177 && record.index !== 200) return record;
        return { ...record, sections: new Map([...record.sections, ['details', other]]) };
      });
    });
    expect(shown(await verifySample(target.archive, { segments }))).toEqual(['INDEX_DRIFT 177']);
    const request = { from: 3, to: 50 };
    expect(shown(await verifySample(target.archive, { segments, request }))).toEqual([]);
  });

  it('finds a page of the search copy with a wrong bit, and one that is gone', async () => {
    const target = await open();
    const segments = openSegments(target);
    await target.recording(async () => {
      await indexSample(target, segments, 0, 100);
      await indexSample(target, segments, 100, 200);
    });
    const flipped: Pick<SegmentStore, 'list' | 'read'> = {
      list: (no) => segments.list(no),
      async read(no, pages) {
        const last = (await segments.list(no)).at(-1)?.id;
        const read = await segments.read(no, pages);
        return read.map((bytes, i) => {
          if (bytes === null || pages[i]?.segment !== last || pages[i]?.page !== 1) return bytes;
          return Buffer.from(bytes.map((byte, at) => (at === 50 ? byte ^ 1 : byte)));
        });
      },
    };
    expect(shown(await verifySample(target.archive, { segments: flipped }))).toEqual(['INDEX_DRIFT 100']);
    const cut: Pick<SegmentStore, 'list' | 'read'> = {
      list: (no) => segments.list(no),
      read: async (no, pages) =>
        (await segments.read(no, pages)).map((bytes, i) => (pages[i]?.page === 1 ? null : bytes)),
    };
    expect(shown(await verifySample(target.archive, { segments: cut }))).toEqual([
      'INDEX_DRIFT 0',
      'INDEX_DRIFT 100',
    ]);
    const ahead: Pick<SegmentStore, 'list' | 'read'> = {
      list: async () => [{ id: 1, from: 0, to: SIZE + 5 }],
      read: async (_, pages) => pages.map(() => null),
    };
    expect(shown(await verifySample(target.archive, { segments: ahead }))).toEqual([`INDEX_DRIFT ${SIZE}`]);
  });
});

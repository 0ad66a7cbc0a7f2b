import { rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildSegment } from '#server/index/build-segment.ts';
import { SEGMENT_RECORDS_MAX as MAX } from '#server/index/segment.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { damage, openStage, recordsOf } from './index-stage.ts';

describe('the index stage on SQLite', () => {
  const SIZE = MAX + 3000;

  function openOnSqlite() {
    const file = join(temporaryFolder(), 'index.db');
    const made: string[] = [];
    const store = openSegmentStore({ file, format: 1, owner: 'test', onMade: (reason) => made.push(reason) });
    onTestFinished(() => store.close());
    return { ...openStage(store, [SIZE]), file, made };
  }

  type Stage = ReturnType<typeof openOnSqlite>;

  /** Lets time pass until the index is as one that is built from scratch, byte for byte. */
  async function expectWhole(stage: Stage): Promise<void> {
    while ((await stage.store.list(1)).at(-1)?.to !== SIZE) await stage.time.passToNextTimer();
    const records = recordsOf(0, SIZE);
    for (const { id, from, to } of await stage.store.list(1)) {
      const pages = buildSegment(sha256, records.slice(from, to));
      const addresses = Array.from({ length: pages.length + 1 }, (_, page) => ({ segment: id, page }));
      const stored = await stage.store.read(1, addresses);
      expect(stored.at(-1)).toBe(null);
      expect(pages.every((page, i) => Buffer.compare(page, stored[i] ?? new Uint8Array()) === 0)).toBe(true);
    }
  }

  it('makes the same index each time, whatever became of the one before', async () => {
    const stage = openOnSqlite();
    const indexing = stage.run();
    await expectWhole(stage);
    rmSync(stage.file);
    indexing.grown();
    await expectWhole(stage);
    expect(stage.made).toEqual(['there was none', 'there was none']);
    indexing.rebuild(1, 'a page is not what was written');
    // Whoever still reads the old file says the same: that is the same damage.
    indexing.rebuild(1, 'a page is not what was written');
    await expect.poll(() => stage.built.filter((one) => one === `1: 0-${MAX}`).length).toBe(3);
    await expectWhole(stage);
    expect(stage.lines.filter((line) => line.includes('damaged'))).toEqual([
      'The search index was damaged (a page is not what was written) and is being made anew.',
    ]);
  });

  it('notices that its file was cut off, and goes on', async () => {
    const stage = openOnSqlite();
    const first = stage.run();
    await expectWhole(stage);
    await first.stop();
    stage.store.close();
    truncateSync(stage.file, Math.floor(statSync(stage.file).size / 2));
    stage.run();
    await expectWhole(stage);
  });

  it('comes to an end where damage is there again and again', async () => {
    const stage = openOnSqlite();
    let isBroken = true;
    const put: SegmentStore['put'] = async (...given) =>
      isBroken ? Promise.reject(damage()) : stage.store.put(...given);
    stage.run({ store: { ...stage.store, put } });
    for (let i = 0; i < 3; i++) await stage.time.passToNextTimer();
    isBroken = false;
    await expectWhole(stage);
    expect(stage.lines[0]).toBe('The search index was damaged (malformed) and is being made anew.');
  });
});

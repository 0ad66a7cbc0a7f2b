import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FORMAT_VERSION } from '#server/index/header.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import { startSearch } from '#server/start-search.ts';
import { startSearchThread } from '#server/start-search-thread.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { SILENT } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** A thread that says it has started and dies of the first question. */
const DYING = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.postMessage({ type: 'started' });
    parentPort.on('message', () => { throw new Error('planted'); });`)}`,
);

test('a search thread that crashes tells who waited, and another one takes its place', async () => {
  const folder = temporaryFolder();
  const database = join(folder, 'indelible.db');
  const db = openForWriting(database);
  migrateSqlite(db, join(import.meta.dirname, '../../prisma/sqlite/migrations'), () => 0);
  db.close();
  const index = { file: join(folder, 'index.db'), format: FORMAT_VERSION, owner: 'test' };
  let started = 0;
  let ring: () => void = () => undefined;
  const searching = startSearch(
    { kind: 'sqlite', database, index },
    {
      log: SILENT,
      onDamage: () => undefined,
      startTimer: (_ms, callback) => {
        ring = callback;
        return () => undefined;
      },
      startThread: (settings, events) => {
        started += 1;
        return started === 1
          ? startSearchThread(settings, events, DYING)
          : startSearchThread(settings, events);
      },
    },
  );
  onTestFinished(() => searching.stop());
  const ask = () => searching.search.histogram({ ledgerNo: 1, size: 0, condition: EVERYTHING }, [0, 1]);
  await expect(ask()).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    cause: { message: 'planted' },
  });
  await expect(ask()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  ring();
  await expect(ask()).resolves.toEqual({ counts: [0], failures: [0], attempts: [0], indexedThrough: -1 });
  expect(started).toBe(2);
});

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { FatalError } from '#server/errors.ts';
import { openForReading, translated } from '#server/storage/sqlite/open.ts';
import {
  codeOf,
  expectIntact,
  makeEvent,
  makeEvents,
  openWithLedgers,
  outcomes,
  recordAll,
  recordedIds,
  submit,
} from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const open = async () => (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;

/** Past this lie only pages of tables, whatever the size of a page. */
const PAGE_BYTES_MAX = 65_536;

const THREAD = new URL('../support/appending-thread.ts', import.meta.url);

/** Lets the file grow no further, as a full disk does. Gives what makes room again. */
function fillDisk({ db }: SqliteStorage): () => void {
  const pages = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${pages}`);
  return () => {
    db.pragma('max_page_count = 1000000');
  };
}

const big = (id: string) => makeEvent(id, 'x'.repeat(100_000));

describe('SQLite', () => {
  it('never forks a ledger on which two threads record at once, and records each event once', async () => {
    const { file, read, store, catalog, checkpoints } = await open();
    const shared = makeEvents('shared', 40);
    const threads = ['a', 'b'].map((name) => {
      const lines = [...makeEvents(name, 80), ...shared].map(({ line }) => line);
      const thread = new Worker(THREAD, { workerData: { file, ledger: 'acme', lines, now: NOW } });
      return once(thread, 'message');
    });
    const counts = Promise.all(threads);
    const ended = counts.then(() => true);
    // Meanwhile nobody ever sees a head that its tiles contradict.
    do expect((await store.head('acme'))?.size).toBeLessThanOrEqual(200);
    while (!(await Promise.race([ended, nextTurn(false)])));
    expect((await counts).reduce((sum, [count]) => sum + Number(count), 0)).toBe(200);
    const storage = { read, store, catalog, checkpoints };
    expect(new Set(await recordedIds(storage, 'acme')).size).toBe(200);
    await expectIntact(storage, 'acme');
  });

  it('says STORAGE_UNAVAILABLE on a full disk, keeps nothing, and goes on when there is room', async () => {
    const storage = await open();
    await submit(storage, 'acme', [makeEvent('before')]);
    const makeRoom = fillDisk(storage);
    const refused = submit(storage, 'acme', [makeEvent('a'), big('b')]);
    await expect(refused).rejects.toThrow('The disk is full.');
    expect(await codeOf(refused)).toBe('STORAGE_UNAVAILABLE');
    expect(await storage.queue.depth()).toMatchObject({ events: 1 });
    makeRoom();
    expect(outcomes(await submit(storage, 'acme', [makeEvent('a'), big('b')]))).toEqual([
      'ACCEPTED',
      'ACCEPTED',
    ]);
    await recordAll(storage);
    expect(await recordedIds(storage, 'acme')).toEqual(['before', 'a', 'b']);
    await expectIntact(storage, 'acme');
  });

  it('keeps the batch whole in the queue when the disk fills up while it is recorded', async () => {
    const storage = await open();
    await submit(storage, 'acme', [makeEvent('a'), big('b')]);
    const makeRoom = fillDisk(storage);
    expect(await codeOf(recordAll(storage))).toBe('STORAGE_UNAVAILABLE');
    expect(await storage.queue.depth()).toMatchObject({ events: 2 });
    expect(await recordedIds(storage, 'acme')).toEqual([]);
    makeRoom();
    const after = await storage.restart();
    await recordAll(after);
    expect(await recordedIds(after, 'acme')).toEqual(['a', 'b']);
    await expectIntact(after, 'acme');
  });

  it('says STORAGE_UNAVAILABLE when it may not write, and still answers what is known', async () => {
    const storage = await open();
    await submit(storage, 'acme', [makeEvent('a')]);
    storage.db.pragma('query_only = ON');
    expect(await codeOf(submit(storage, 'acme', [makeEvent('b')]))).toBe('STORAGE_UNAVAILABLE');
    expect(outcomes(await submit(storage, 'acme', [makeEvent('a')]))).toEqual(['DUPLICATE']);
    expect(await codeOf(storage.queue.take(1))).toBe('STORAGE_UNAVAILABLE');
    storage.db.pragma('query_only = OFF');
    await recordAll(storage);
    expect(await recordedIds(storage, 'acme')).toEqual(['a']);
  });

  it('tells every caller of a shared commit that it failed, and lets each send again', async () => {
    const storage = await open();
    storage.db.pragma('query_only = ON');
    const names = ['a', 'b', 'c'];
    const sendAll = () =>
      Promise.allSettled(names.map((id) => submit(storage, 'acme', [makeEvent(id), makeEvent('x')])));
    expect((await sendAll()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    storage.db.pragma('query_only = OFF');
    expect((await sendAll()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    await recordAll(storage);
    expect((await recordedIds(storage, 'acme')).toSorted()).toEqual(['a', 'b', 'c', 'x']);
  });

  it('tells every caller when the ids of a group cannot even be looked up', async () => {
    const storage = await open();
    const sent = [submit(storage, 'acme', [makeEvent('a')]), submit(storage, 'nowhere', [makeEvent('b')])];
    storage.db.close();
    expect((await Promise.allSettled(sent)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('puts submissions that arrive together into one transaction', async () => {
    const storage = await open();
    let commits = 0;
    storage.db.function('count_batch', () => {
      commits += 1;
      return null;
    });
    storage.db.exec('CREATE TEMP TRIGGER seen AFTER INSERT ON main.batch BEGIN SELECT count_batch(); END');
    await Promise.all(Array.from({ length: 50 }, (_, i) => submit(storage, 'acme', [makeEvent(`e${i}`)])));
    expect(commits).toBe(1);
    await recordAll(storage);
    expect(await recordedIds(storage, 'acme')).toHaveLength(50);
  });

  it('waits for the disk at every commit, and goes back to that after a lease', async () => {
    const { db, queue } = await open();
    const FULL = 2;
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('synchronous', { simple: true })).toBe(FULL);
    await queue.take(1);
    expect(db.pragma('synchronous', { simple: true })).toBe(FULL);
    db.pragma('query_only = ON');
    await queue.take(1).catch(() => undefined);
    expect(db.pragma('synchronous', { simple: true })).toBe(FULL);
  });

  it('gives readers every commit as soon as it is made, and lets them write nothing', async () => {
    const storage = await open();
    const reader = openForReading(storage.file);
    const count = reader.prepare('SELECT COUNT(*) FROM record').pluck();
    expect(count.get()).toBe(0);
    await submit(storage, 'acme', [makeEvent('a')]);
    await recordAll(storage);
    expect(count.get()).toBe(1);
    expect(() => translated(() => reader.exec('DELETE FROM batch'))).toThrow('The data folder is read-only.');
    reader.close();
  });

  it('calls a damaged file a contradiction, not an outage', async () => {
    const storage = await open();
    storage.db.pragma('wal_checkpoint(TRUNCATE)');
    const copy = join(temporaryFolder(), 'damaged.db');
    const bytes = readFileSync(storage.file);
    writeFileSync(copy, bytes.fill(0xff, PAGE_BYTES_MAX));
    const damaged = openForReading(copy);
    expect(() => translated(() => damaged.prepare('SELECT * FROM record').all())).toThrow(FatalError);
    damaged.close();
    writeFileSync(copy, 'This is no database. '.repeat(100));
    expect(() => translated(() => openForReading(copy).prepare('SELECT 1 FROM record'))).toThrow(FatalError);
  });
});

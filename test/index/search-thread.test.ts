import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import { buildSegment } from '#server/index/build-segment.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { FoundPage, FoundPageRequest, RecordQuery, Search } from '#server/ports/search.ts';
import type { SearchSettings } from '#server/search-thread.ts';
import { serveSearch } from '#server/serve-search.ts';
import { sha256 } from '#server/sha256.ts';
import { connectSearch, startSearchThread } from '#server/start-search-thread.ts';
import { createSqliteErasureStore } from '#server/storage/sqlite/erasure-store.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { makeEvent, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const FAILING = new URL('../support/failing-search-thread.ts', import.meta.url);
const REQUEST: FoundPageRequest = {
  field: 'RECORDED',
  direction: 'ASC',
  first: 2,
  last: null,
  after: null,
  before: null,
};
const QUERY: RecordQuery = { ledgerNo: 1, size: 3, condition: EVERYTHING };
const PAGE: FoundPage = {
  positions: [{ index: 0, occurred: { ms: 5, nanos: 7 } }],
  hasNextPage: true,
  hasPreviousPage: false,
  totalCount: 3,
  indexedThrough: 2,
};

/** A search whose answers the test gives, behind a port. */
async function remoteOf(answers: Partial<Search>) {
  const { port1, port2 } = new MessageChannel();
  const never = (): Promise<never> => Promise.reject(new Error('Nobody was to ask that'));
  const search = { page: never, histogram: never, values: never, paths: never, indexed: never, ...answers };
  const told: string[] = [];
  let tellDamage: (ledgerNo: number, reason: string) => void = () => undefined;
  const serving = serveSearch(port2, (onDamage) => {
    tellDamage = onDamage;
    return {
      search,
      reopen: () => void told.push('reopened'),
      forget: () => void told.push('forgot'),
      close: () => void told.push('closed'),
    };
  });
  const remote = connectSearch(port1, (ledgerNo, reason) => told.push(`${ledgerNo}: ${reason}`));
  const closed = new Promise<void>((resolve) => port1.once('close', () => resolve()));
  onTestFinished(() => port1.close());
  await Promise.all([serving, remote.started]);
  return { remote, told, closed, damage: (ledgerNo: number, reason: string) => tellDamage(ledgerNo, reason) };
}

describe('a search behind a port', () => {
  it('is asked everything, and gives the answers to whoever asked', async () => {
    const { remote } = await remoteOf({
      page: async (...asked) => ({ ...PAGE, totalCount: JSON.stringify(asked.slice(0, 2)).length }),
      histogram: async (query, edges) => ({
        counts: edges,
        failures: [query.size],
        attempts: [3],
        indexedThrough: 1,
      }),
      values: async (_, { path, first }) => ({ values: [{ value: path, count: first }], indexedThrough: 1 }),
      paths: async (...asked) => ({ values: [{ value: String(asked), count: 1 }], indexedThrough: 1 }),
      indexed: async (ledgerNo) => ledgerNo * 2,
    });
    const { search } = remote;
    const field = { path: 'actor.id', prefix: 'a', first: 3 };
    expect(
      await Promise.all([
        search.page(QUERY, REQUEST),
        search.histogram(QUERY, [1, 2]),
        search.values(QUERY, field),
        search.paths(1, 3, 'det', 9),
        search.indexed(4),
      ]),
    ).toEqual([
      { ...PAGE, totalCount: JSON.stringify([QUERY, REQUEST]).length },
      { counts: [1, 2], failures: [3], attempts: [3], indexedThrough: 1 },
      { values: [{ value: 'actor.id', count: 3 }], indexedThrough: 1 },
      { values: [{ value: '1,3,det,9', count: 1 }], indexedThrough: 1 },
      8,
    ]);
  });

  it('fails as it fails behind it, with the code and the words', async () => {
    const failures = [
      new AppError('SEARCH_TOO_EXPENSIVE'),
      new AppError('INDEX_DAMAGED', { message: 'So it is.', retryAfterS: 9 }),
    ];
    const { remote } = await remoteOf({
      async indexed(ledgerNo) {
        throw failures[ledgerNo] ?? new Error('There are two failures');
      },
    });
    for (const [ledgerNo, { code, message, retryAfterS }] of failures.entries()) {
      await expect(remote.search.indexed(ledgerNo)).rejects.toMatchObject({ code, message, retryAfterS });
    }
  });

  it('is told when somebody gives up, who hears the own reason at once', async () => {
    const aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { remote } = await remoteOf({
      page: (_query, _request, signal) => {
        signal?.addEventListener('abort', () => aborted.resolve());
        begun.resolve();
        return new Promise(() => undefined);
      },
    });
    const leaving = new AbortController();
    const asked = remote.search.page(QUERY, REQUEST, leaving.signal);
    await begun.promise;
    leaving.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await aborted.promise;
    await expect(remote.search.page(QUERY, REQUEST, leaving.signal)).rejects.toThrow('gone');
  });

  it('tells of damage, and hears that the index was made anew', async () => {
    const { remote, told, damage } = await remoteOf({ indexed: async () => 1 });
    damage(3, 'broken');
    remote.reopen();
    await remote.search.indexed(1);
    expect(told.toSorted()).toEqual(['3: broken', 'reopened']);
  });

  it('hears that something was erased, and lets go of what it keeps', async () => {
    const { remote, told } = await remoteOf({ indexed: async () => 1 });
    remote.forget();
    await remote.search.indexed(1);
    expect(told).toEqual(['forgot']);
  });

  it('answers nothing any more when it was stopped', async () => {
    const { remote, told, closed } = await remoteOf({ indexed: () => new Promise(() => undefined) });
    const asked = remote.search.indexed(1);
    remote.stop();
    await expect(asked).rejects.toMatchObject({ code: 'APPLIANCE_STOPPING' });
    await expect(remote.search.indexed(1)).rejects.toMatchObject({ code: 'APPLIANCE_STOPPING' });
    await closed;
    expect(told).toEqual(['closed']);
  });
});

const unwanted = {
  onDamage: (_: number, reason: string) => {
    throw new Error(reason);
  },
  onCrash: (error: Error) => {
    throw error;
  },
};

function settingsOf(database: string): SearchSettings & { kind: 'sqlite' } {
  const index = { file: join(temporaryFolder(), 'index.db'), format: 1, owner: 'test' };
  return { kind: 'sqlite', database, index };
}

/** A ledger of three records on SQLite, and the settings of a thread that searches it. */
async function sqliteLedger() {
  const storage = (await openWithLedgers(openSqliteStorage, ['a'])) as SqliteStorage;
  await submit(
    storage,
    'a',
    ['first', 'second', 'third'].map((text, order) => makeEvent(`e${order}`, text)),
  );
  await recordAll(storage);
  const source = createSqliteRecordSource(storage.db);
  const [ledgerNo = 0] = await source.ledgers();
  const settings = settingsOf(storage.file);
  const store = openSegmentStore({ ...settings.index, onMade: () => undefined });
  onTestFinished(() => store.close());
  const fill = async (to: number): Promise<void> => {
    const pages = buildSegment(sha256, await source.read(ledgerNo, 0, to));
    expect(await store.put(ledgerNo, { from: 0, to, pages })).toBe(true);
  };
  const erase = async (index: number): Promise<void> => {
    const erasures = createSqliteErasureStore(storage.db);
    const asked = { ledgerNo, index, sections: ['details'] as const, requestedBy: 't', event: '{}' };
    await erasures.note({ id: 'erasure', ...asked, requestedAt: 1 });
    await erasures.apply('erasure', 1);
  };
  return { settings, store, fill, ledgerNo, erase };
}

describe('the search thread', () => {
  it('finds nothing by what was erased, once it was told', async () => {
    const { settings, ledgerNo, erase } = await sqliteLedger();
    const { search, forget, stop } = await startSearchThread(settings, unwanted);
    onTestFinished(stop);
    const condition = { kind: 'words', path: null, words: ['second'], isPrefix: false } as const;
    const query: RecordQuery = { ledgerNo, size: 3, condition };
    expect((await search.page(query, REQUEST)).totalCount).toBe(1);
    await erase(1);
    forget();
    expect((await search.page(query, REQUEST)).totalCount).toBe(0);
  });

  it('answers from the ledgers and the index, also when that is made anew', async () => {
    const { settings, store, fill, ledgerNo } = await sqliteLedger();
    const { search, reopen, stop } = await startSearchThread(settings, unwanted);
    onTestFinished(stop);
    const query: RecordQuery = {
      ledgerNo,
      size: 3,
      condition: { kind: 'words', path: null, words: ['second'], isPrefix: false },
    };
    const answer = {
      positions: [{ index: 1, occurred: null }],
      hasNextPage: false,
      hasPreviousPage: false,
      totalCount: 1,
      indexedThrough: 2,
    };
    for (const indexed of [2, 3]) {
      expect(await search.page(query, REQUEST)).toEqual(answer);
      await fill(indexed);
      expect(await search.indexed(ledgerNo)).toBe(indexed);
      expect(await search.page(query, REQUEST)).toEqual(answer);
    }
    reopen();
    await store.reset();
    expect(await search.page(query, REQUEST)).toEqual(answer);
    expect(await search.indexed(ledgerNo)).toBe(0);
  });

  it('does not start without the ledgers', async () => {
    const settings = settingsOf(join(temporaryFolder(), 'none.db'));
    await expect(startSearchThread(settings, unwanted)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });

  it('tells that it crashed, once, and whoever waits', async () => {
    const crashes: string[] = [];
    const crashed = Promise.withResolvers<void>();
    const failing = settingsOf('question');
    const onCrash = (error: Error): void => {
      crashes.push(error.message);
      crashed.resolve();
    };
    const { search, stop } = await startSearchThread(failing, { ...unwanted, onCrash }, FAILING);
    const told = { code: 'STORAGE_UNAVAILABLE', cause: { message: 'It went wrong' } };
    await expect(Promise.all([search.indexed(1), search.page(QUERY, REQUEST)])).rejects.toMatchObject(told);
    await crashed.promise;
    await expect(search.indexed(1)).rejects.toMatchObject(told);
    await stop();
    expect(crashes).toEqual(['It went wrong']);
  });

  it('that crashes at the start has not started', async () => {
    const failing = settingsOf('start');
    await expect(startSearchThread(failing, unwanted, FAILING)).rejects.toThrow('It cannot start');
  });
});

import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { createSearch } from '#server/index/search.ts';
import { TELL_AGAIN_MS } from '#server/index/snapshot.ts';
import { type Condition, EVERYTHING } from '#server/ports/condition.ts';
import type { FoundPageRequest, RecordQuery } from '#server/ports/search.ts';
import { sha256 } from '#server/sha256.ts';
import { createMemoryRecordSource } from '#test/support/memory-record-source.ts';
import { naivePage } from './support/naive-search.ts';
import {
  LEDGER_NO,
  putSegment,
  type SearchedLedger,
  searchedLedger,
  someRecords,
} from './support/searched-ledger.ts';

const LOGINS: Condition = {
  kind: 'value',
  path: { kind: 'named', name: 'event.action' },
  test: { test: 'equals', text: 'user.login', ignoreCase: false },
};
const REQUEST: FoundPageRequest = {
  field: 'RECORDED',
  direction: 'DESC',
  first: 20,
  last: null,
  after: null,
  before: null,
};
const records = someRecords(900);
const QUERY: RecordQuery = { ledgerNo: LEDGER_NO, size: 900, condition: LOGINS };
const ANSWER = naivePage(records, LOGINS, REQUEST);

const ask = ({ search }: Pick<SearchedLedger, 'search'>, signal?: AbortSignal, query = QUERY) =>
  search.page(query, REQUEST, signal);
const lastId = async ({ store }: SearchedLedger): Promise<number> =>
  (await store.list(LEDGER_NO)).at(-1)?.id ?? 0;

describe('segments that are replaced while a question reads them', () => {
  it('are asked for again, as they are then', async () => {
    const ledger = searchedLedger({ records });
    await ledger.index(300, 600, 900);
    // The last segment is opened when the others are replaced.
    ledger.store.beforeNextRead(() => putSegment(ledger.store, records, 0, 900));
    expect(await ask(ledger)).toEqual(ANSWER);
    expect(ledger.damage).toEqual([]);
  });

  it('are told apart where the database lost the last ones and gave their numbers again', async () => {
    const before = searchedLedger({ records });
    await before.index(300, 800);
    const after = searchedLedger({ records });
    await after.index(700, 900);
    let { store } = before;
    const search = createSearch({
      store: { list: (ledgerNo) => store.list(ledgerNo), read: (...asked) => store.read(...asked) },
      source: before.source,
      sha256,
      now: () => 0,
      onDamage: (ledgerNo, reason) => before.damage.push([ledgerNo, reason]),
    });
    expect(await ask({ search })).toEqual(ANSWER);
    ({ store } = after);
    expect(await ask({ search })).toEqual(ANSWER);
    expect(before.damage).toEqual([]);
  });

  it('end the question when that happens again and again', async () => {
    const ledger = searchedLedger({ records });
    await ledger.index(900);
    let replaced = 0;
    const replace = async (): Promise<void> => {
      replaced++;
      await putSegment(ledger.store, records, 0, 900);
      ledger.store.beforeNextRead(replace);
    };
    ledger.store.beforeNextRead(replace);
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(replaced).toBe(6);
    expect(ledger.damage).toEqual([]);
  });
});

describe('an index that cannot be used', () => {
  const spoilAll = async (ledger: SearchedLedger): Promise<void> => {
    const id = await lastId(ledger);
    for (let page = 1; page < ledger.store.pageCount(LEDGER_NO, id); page++) {
      ledger.store.spoil(LEDGER_NO, id, page, 5);
    }
  };
  const faults: readonly (readonly [string, (ledger: SearchedLedger) => Promise<void>])[] = [
    [
      'the first page of a segment is damaged',
      async (ledger) => ledger.store.spoil(LEDGER_NO, await lastId(ledger), 0, 9),
    ],
    ['the other pages are damaged', spoilAll],
    ['the first page is lost', async (ledger) => ledger.store.lose(LEDGER_NO, await lastId(ledger), 0)],
    [
      'another page is lost',
      async (ledger) => {
        const id = await lastId(ledger);
        for (let page = 1; page < ledger.store.pageCount(LEDGER_NO, id); page++)
          ledger.store.lose(LEDGER_NO, id, page);
      },
    ],
    [
      'a segment is not there',
      async ({ store }) => store.drop(LEDGER_NO, (await store.list(LEDGER_NO))[0]?.id ?? 0),
    ],
    [
      'it is of another ledger',
      async ({ store }) => {
        await store.removeFrom(LEDGER_NO, 0);
        const others = someRecords(901, 2, 0).map((record) => ({
          ...record,
          leafHash: records[0]?.leafHash ?? record.leafHash,
        }));
        await putSegment(store, others, 0, 800);
      },
    ],
    [
      'it reaches behind the ledger',
      async ({ store }) => {
        await store.removeFrom(LEDGER_NO, 0);
        await putSegment(store, someRecords(1000), 0, 1000);
      },
    ],
    [
      'it begins behind the ledger',
      async ({ store }) => {
        await putSegment(store, someRecords(2000), 900, 950);
        await putSegment(store, someRecords(2000), 950, 2000);
      },
    ],
  ];

  it.each(faults)('is not used where %s: the records are read', async (_, spoil) => {
    const ledger = searchedLedger({ records });
    await ledger.index(450, 900);
    await spoil(ledger);
    for (let round = 0; round < 3; round++) {
      expect(await ask(ledger)).toEqual(ANSWER);
    }
    expect(ledger.damage).toHaveLength(1);
    expect(ledger.damage[0]?.[0]).toBe(LEDGER_NO);
  });

  it.each(faults)('gives no answer where %s and there are too many records', async (_, spoil) => {
    const ledger = searchedLedger({ records, limits: { tailRecordsMax: 899 } });
    await ledger.index(450, 900);
    await spoil(ledger);
    for (let round = 0; round < 3; round++) {
      await expect(ask(ledger)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    }
    expect(ledger.damage).toHaveLength(1);
  });

  it('is used again when it was made anew, and told of again when it is damaged again', async () => {
    const ledger = searchedLedger({ records, limits: { tailRecordsMax: 500 } });
    await ledger.index(450, 900);
    await spoilAll(ledger);
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    await ledger.store.removeFrom(LEDGER_NO, 450);
    expect(await ask(ledger)).toEqual(ANSWER);
    await ledger.index(900);
    expect(await ask(ledger)).toEqual(ANSWER);
    await ledger.store.removeFrom(LEDGER_NO, 450);
    await ledger.index(900);
    await spoilAll(ledger);
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    expect(ledger.damage).toHaveLength(2);
  });

  it('is told of again as long as nothing is done about it', async () => {
    let ms = 0;
    const ledger = searchedLedger({ records, now: () => ms, limits: { tailRecordsMax: 500 } });
    await ledger.index(450, 900);
    await spoilAll(ledger);
    for (const [at, told] of [
      [0, 1],
      [TELL_AGAIN_MS - 1, 1],
      [TELL_AGAIN_MS, 2],
      [TELL_AGAIN_MS + 1, 2],
    ] as const) {
      ms = at;
      await expect(ask(ledger)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
      expect(ledger.damage).toHaveLength(told);
    }
    ledger.store.failNext(new AppError('INDEX_DAMAGED'));
    ms = 2 * TELL_AGAIN_MS;
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    expect(ledger.damage).toHaveLength(3);
  });

  it('is told of once where its list cannot be read', async () => {
    const ledger = searchedLedger({ records });
    await ledger.index(900);
    for (let round = 0; round < 2; round++) {
      ledger.store.failNext(new AppError('INDEX_DAMAGED'));
      expect(await ask(ledger)).toEqual(ANSWER);
    }
    expect(ledger.damage).toHaveLength(1);
    expect(await ask(ledger)).toEqual(ANSWER);
  });

  it('harms no other ledger', async () => {
    const ledger = searchedLedger({ records, limits: { tailRecordsMax: 10 } });
    await ledger.index(900);
    await spoilAll(ledger);
    ledger.source.append(8, records);
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    expect(await ask(ledger, undefined, { ...QUERY, ledgerNo: 8, size: 10 })).toMatchObject({
      indexedThrough: 9,
    });
  });
});

describe('a storage that fails', () => {
  it('fails the question, and not the next one', async () => {
    const ledger = searchedLedger({ records });
    await ledger.index(800);
    ledger.store.failNext(new AppError('STORAGE_UNAVAILABLE'));
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    ledger.store.beforeNextRead(() => ledger.store.failNext(new AppError('STORAGE_UNAVAILABLE')));
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await ask(ledger)).toEqual(ANSWER);
    expect(ledger.damage).toEqual([]);
  });

  it('fails a question about the tail, and not the next one', async () => {
    let fails = true;
    const source = createMemoryRecordSource({
      beforeRead() {
        if (fails) throw new AppError('STORAGE_UNAVAILABLE');
      },
    });
    const ledger = searchedLedger({ records, source });
    await expect(ask(ledger)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    fails = false;
    expect(await ask(ledger)).toEqual(ANSWER);
  });
});

describe('the time of a question', () => {
  /** A clock that the reads of the ledger move on. */
  function slowLedger(msPerRead: number) {
    let ms = 0;
    const source = createMemoryRecordSource({
      beforeRead() {
        ms += msPerRead;
      },
    });
    return searchedLedger({ records, source, now: () => ms, limits: { timeMaxMs: 300 } });
  }

  it('is limited', async () => {
    // 900 records are read in four pieces.
    await expect(ask(slowLedger(76))).rejects.toMatchObject({ code: 'SEARCH_TOO_EXPENSIVE' });
    expect(await ask(slowLedger(75))).toEqual(ANSWER);
  });

  it('ends early when nobody waits for the answer', async () => {
    const leaving = new AbortController();
    const reason = new Error('gone');
    const source = createMemoryRecordSource({ beforeRead: () => leaving.abort(reason) });
    const ledger = searchedLedger({ records, source });
    await expect(ask(ledger, leaving.signal)).rejects.toBe(reason);
    expect(source.reads).toHaveLength(1);
    await expect(ask(ledger, leaving.signal)).rejects.toBe(reason);
  });

  it('of one who gives up is not that of others who wait for the same', async () => {
    const leaving = new AbortController();
    const ledger = searchedLedger({ records });
    await ledger.index(300, 600, 900);
    ledger.store.beforeNextRead(() => ledger.store.beforeNextRead(() => leaving.abort()));
    const [left, stayed] = await Promise.allSettled([ask(ledger, leaving.signal), ask(ledger)]);
    expect(left.status).toBe('rejected');
    expect(stayed).toEqual({ status: 'fulfilled', value: ANSWER });
  });
});

describe('many questions at once', () => {
  it('make a tail once', async () => {
    const ledger = searchedLedger({ records });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(ledger)));
    for (const answer of answers) expect(answer).toEqual(ANSWER);
    expect(ledger.source.reads).toHaveLength(4);
  });

  it('wait for their turn, and are turned away where too many wait', async () => {
    const open = Promise.withResolvers<void>();
    const source = createMemoryRecordSource({ beforeRead: () => open.promise });
    const ledger = searchedLedger({ records, source, limits: { atOnce: 2, waitingMax: 3 } });
    const asked = Array.from({ length: 6 }, () => ask(ledger));
    await expect(asked[5]).rejects.toMatchObject({ code: 'SEARCH_BUSY' });
    open.resolve();
    for (const answer of await Promise.all(asked.slice(0, 5))) expect(answer).toEqual(ANSWER);
    expect(await ask(ledger, undefined, { ...QUERY, condition: EVERYTHING })).toMatchObject({
      totalCount: 900,
    });
  });
});

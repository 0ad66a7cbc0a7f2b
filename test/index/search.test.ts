import { describe, expect, it } from 'vitest';
import { PIECE_RECORDS } from '#server/index/tail.ts';
import { type Condition, EVERYTHING } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { FoundPageRequest, Position } from '#server/ports/search.ts';
import { createMemoryRecordSource } from '#test/support/memory-record-source.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { naiveHistogram, naivePage, naiveValues, occurredOf } from './support/naive-search.ts';
import { LEDGER_NO, putSegment, searchedLedger, someRecords } from './support/searched-ledger.ts';

const LOGINS: Condition = {
  kind: 'value',
  path: { kind: 'named', name: 'event.action' },
  test: { test: 'equals', text: 'user.login', ignoreCase: false },
};
const PAID: Condition = { kind: 'words', path: null, words: ['paid'], isPrefix: false };
const MARCH: Condition = {
  kind: 'occurred',
  from: { ms: Date.UTC(2026, 2, 1), nanos: 0 },
  to: { ms: Date.UTC(2026, 3, 1), nanos: 0 },
};
const NOTHING: Condition = { kind: 'any', of: [] };
const CONDITIONS: readonly Condition[] = [
  EVERYTHING,
  NOTHING,
  LOGINS,
  PAID,
  { kind: 'all', of: [LOGINS, PAID] },
  { kind: 'any', of: [{ kind: 'not', of: LOGINS }, MARCH] },
  { kind: 'index', from: 100, to: 700 },
];
const EDGES = [0, 1, 2, 3, 4, 5].map((month) => Date.UTC(2026, month, 1));
const FIRST: FoundPageRequest = {
  field: 'RECORDED',
  direction: 'DESC',
  first: 50,
  last: null,
  after: null,
  before: null,
};

function randomRequest(random: SeededRandom, records: readonly ContentRecord[]): FoundPageRequest {
  const field = random.pick(['RECORDED', 'OCCURRED'] as const);
  const position = (): Position | null => {
    const record = random.below(2) === 0 ? records[random.below(records.length)] : undefined;
    if (record === undefined) return null;
    return { index: record.index, occurred: field === 'OCCURRED' ? occurredOf(record) : null };
  };
  const count = random.pick([0, 1, 7, 60, 5000]);
  const direction = random.pick(['ASC', 'DESC'] as const);
  if (random.below(3) === 0) {
    const skip = random.below(random.pick([3, 60, records.length + 2]));
    return { field, direction, first: count, last: null, after: null, before: null, skip };
  }
  return {
    field,
    direction,
    ...random.pick([
      { first: count, last: null },
      { first: null, last: count },
      { first: null, last: null },
    ]),
    after: position(),
    before: position(),
  };
}

describe('an answer', () => {
  const records = someRecords(1500);

  it.each([
    ['all in the tail', []],
    ['a tail behind the index', [400, 650, 651, 1100]],
    ['a tail of one record', [1499]],
    ['no tail', [1000, 1256, 1500]],
    ['a tail that begins with a piece', [PIECE_RECORDS * 3]],
  ])('is what looking at every record gives, with %s', async (_, ends) => {
    const { search, index } = searchedLedger({ records });
    await index(...ends);
    const random = new SeededRandom(ends.length);
    for (const condition of CONDITIONS) {
      for (const size of [1500, random.below(1500), 0, 1]) {
        const query = { ledgerNo: LEDGER_NO, size, condition };
        const seen = records.slice(0, size);
        const request = randomRequest(random, records);
        expect(await search.page(query, request)).toEqual(naivePage(seen, condition, request));
        expect(await search.histogram(query, EDGES)).toEqual(naiveHistogram(seen, condition, EDGES));
        const field = {
          path: random.pick(['actor.id', 'event.action']),
          prefix: random.pick(['', 'user']),
          first: 5,
        };
        const { values, indexedThrough } = await search.values(query, field);
        expect(values).toEqual(naiveValues(seen, condition, field));
        expect(indexedThrough).toBe(size - 1);
      }
    }
  });

  it('is the right page in every order, both ways, from every position', async () => {
    const few = someRecords(300, 3);
    const { search, index } = searchedLedger({ records: few });
    await index(90, 200);
    const random = new SeededRandom(5);
    for (let round = 0; round < 400; round++) {
      const condition = random.pick([EVERYTHING, LOGINS]);
      const size = random.pick([300, 250]);
      const request = randomRequest(random, few);
      const found = await search.page({ ledgerNo: LEDGER_NO, size, condition }, request);
      expect(found, JSON.stringify(request)).toEqual(naivePage(few.slice(0, size), condition, request));
    }
  });

  it('is the same however segments were cut, while they are merged and the ledger grows', async () => {
    const random = new SeededRandom(11);
    const grown = someRecords(1200, 4);
    const source = createMemoryRecordSource();
    const { search, store } = searchedLedger({ records: [], source });
    let [size, indexed] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const more = Math.min(random.below(80), grown.length - size);
      source.append(LEDGER_NO, grown.slice(size, size + more));
      size += more;
      if (random.below(3) === 0 && indexed < size) {
        const starts = (await store.list(LEDGER_NO)).map(({ from }) => from);
        const to = indexed + 1 + random.below(size - indexed);
        await putSegment(store, grown, random.pick([...starts, indexed]), to);
        indexed = to;
      }
      const query = { ledgerNo: LEDGER_NO, size, condition: random.pick(CONDITIONS) };
      const found = await search.page(query, FIRST);
      expect(found).toEqual(naivePage(grown.slice(0, size), query.condition, FIRST));
    }
  });

  it('says how far it reaches where more is behind the index than may be read', async () => {
    const { search, index } = searchedLedger({ records, limits: { tailRecordsMax: 500 } });
    await index(999);
    const query = { ledgerNo: LEDGER_NO, size: 1500, condition: LOGINS };
    expect(await search.page(query, FIRST)).toEqual(naivePage(records.slice(0, 999), LOGINS, FIRST));
    await index(1000);
    expect(await search.page(query, FIRST)).toEqual(naivePage(records, LOGINS, FIRST));
    expect(await search.indexed(LEDGER_NO)).toBe(1000);
  });

  it('says how far it reaches where the ledger is read from a copy that lags behind', async () => {
    const { search, index } = searchedLedger({ records });
    await index(700);
    const query = { ledgerNo: LEDGER_NO, size: 2000, condition: LOGINS };
    expect(await search.page(query, FIRST)).toEqual(naivePage(records, LOGINS, FIRST));
  });

  it('is complete where reads give few records at once', async () => {
    const source = createMemoryRecordSource({ recordsMax: 100 });
    const { search, index } = searchedLedger({ records, source });
    await index(1000);
    const query = { ledgerNo: LEDGER_NO, size: 1400, condition: LOGINS };
    expect(await search.page(query, FIRST)).toEqual(naivePage(records.slice(0, 1400), LOGINS, FIRST));
  });

  it('about a ledger that is not there is empty', async () => {
    const { search } = searchedLedger({ records });
    const query = { ledgerNo: 99, size: 0, condition: EVERYTHING };
    expect(await search.page(query, FIRST)).toEqual({
      positions: [],
      totalCount: 0,
      hasNextPage: false,
      hasPreviousPage: false,
      indexedThrough: -1,
    });
    expect(await search.indexed(99)).toBe(0);
    expect(await search.paths(99, 0, '', 10)).toEqual({ values: [], indexedThrough: -1 });
  });

  it('gives the paths that values were sent under, each record counted once', async () => {
    const { search, index } = searchedLedger({ records });
    await index(1000);
    for (const size of [1500, 1100, 700]) {
      const condition: Condition = {
        kind: 'value',
        path: { kind: 'named', name: 'details' },
        test: { test: 'present' },
      };
      const { totalCount: count } = naivePage(records.slice(0, size), condition, FIRST);
      const { values } = await search.paths(LEDGER_NO, size, 'details', 10);
      expect(values).toEqual(['details.amount', 'details.tags'].map((value) => ({ value, count })));
    }
  });
});

describe('what a question costs', () => {
  const records = someRecords(1000);

  it('is one read of the first page of the last segment, for a page of all records', async () => {
    const { search, index, store } = searchedLedger({ records });
    await index(...Array.from({ length: 100 }, (_, order) => (order + 1) * 10));
    for (let round = 0; round < 3; round++) {
      await search.page({ ledgerNo: LEDGER_NO, size: 1000, condition: EVERYTHING }, FIRST);
    }
    expect(store.reads).toEqual([1]);
  });

  it('is nothing at all for a second question about the same records', async () => {
    const { search, index, store } = searchedLedger({ records });
    await index(500, 1000);
    const query = { ledgerNo: LEDGER_NO, size: 1000, condition: LOGINS };
    await search.page(query, FIRST);
    const reads = store.reads.length;
    await search.page(query, { ...FIRST, direction: 'ASC' });
    expect(store.reads.length).toBe(reads);
  });

  it('is as many reads for many segments as for one', async () => {
    const ask = async (ends: readonly number[]): Promise<number> => {
      const { search, index, store } = searchedLedger({ records });
      await index(...ends);
      await search.page({ ledgerNo: LEDGER_NO, size: 1000, condition: LOGINS }, FIRST);
      return store.reads.length;
    };
    const ofMany = await ask(Array.from({ length: 50 }, (_, order) => (order + 1) * 20));
    // One more: the last segment is opened first, to see whether it is of this ledger.
    expect(ofMany).toBeLessThanOrEqual((await ask([1000])) + 1);
  });
});

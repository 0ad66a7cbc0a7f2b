import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor } from '#server/records/cursor.ts';
import { PAGE_RECORDS_MAX } from '#server/records/page.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';

interface Connection {
  readonly totalCount: number;
  readonly indexedThrough: number;
  readonly nodes: readonly {
    readonly index: number;
    readonly eventId: string;
    readonly recordedAt: string;
  }[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string;
    endCursor: string;
  };
}

const QUERY = `query (
  $filter: RecordFilter, $orderBy: RecordOrder, $first: Int, $last: Int, $after: String, $before: String
) {
  records(filter: $filter, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before) {
    totalCount indexedThrough nodes { index eventId recordedAt } edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
const SIZE = 120;

describe('records', () => {
  let appliance: Appliance;
  let all: Connection['nodes'];

  const page = async (variables: Record<string, unknown>): Promise<Connection> => {
    const { data, errors } = await appliance.graphql<{ records: Connection }>(QUERY, variables);
    expect(errors).toEqual([]);
    return data.records;
  };
  const codes = async (variables: Record<string, unknown>) =>
    (await appliance.graphql(QUERY, variables)).codes;
  const indexes = ({ nodes }: Pick<Connection, 'nodes'>) => nodes.map(({ index }) => index);

  beforeAll(async () => {
    appliance = await startAppliance();
    const mutation = 'mutation ($e: [EventInput!]!) { recordEvents(events: $e, ack: RECORDED) { accepted } }';
    // Several batches, so that there are several times.
    for (let from = 0; from < SIZE; from += 20) {
      const e = Array.from({ length: 20 }, (_, i) => ({ id: `e${from + i}`, action: 'a' }));
      await appliance.graphql(mutation, { e });
    }
    all = (await page({ first: PAGE_RECORDS_MAX, orderBy: { direction: 'ASC' } })).nodes;
  });
  afterAll(() => appliance.stop());

  it('of an empty ledger are none, covered through −1', async () => {
    await appliance.graphql('mutation { createLedger(id: "empty") { id } }');
    const query =
      '{ records(ledger: "empty") { totalCount indexedThrough nodes { index } pageInfo { hasNextPage } } }';
    const { data } = await appliance.graphql<{ records: unknown }>(query);
    expect(data.records).toEqual({
      totalCount: 0,
      indexedThrough: -1,
      nodes: [],
      pageInfo: { hasNextPage: false },
    });
  });

  it('come newest first and fifty at a time unless asked otherwise', async () => {
    const got = await page({});
    expect(indexes(got)).toEqual(indexes({ nodes: [...all].reverse() }).slice(0, 50));
    expect(got).toMatchObject({ totalCount: SIZE, indexedThrough: SIZE - 1 });
  });

  it.each(['ASC', 'DESC'])(
    'are each on exactly one page, forward and backward, in the order %s',
    async (direction) => {
      const orderBy = { direction };
      const expected = indexes({ nodes: direction === 'ASC' ? all : [...all].reverse() });
      const forward: number[] = [];
      for (let after: string | null = null; ; ) {
        const got = await page({ orderBy, first: 17, after });
        forward.push(...indexes(got));
        expect(got.pageInfo.hasPreviousPage).toBe(after !== null);
        if (!got.pageInfo.hasNextPage) break;
        after = got.pageInfo.endCursor;
      }
      const backward: number[] = [];
      for (let before: string | null = null; ; ) {
        const got = await page({ orderBy, last: 17, before });
        backward.unshift(...indexes(got));
        if (!got.pageInfo.hasPreviousPage) break;
        before = got.pageInfo.startCursor;
      }
      expect(forward).toEqual(expected);
      expect(backward).toEqual(expected);
    },
  );

  it('are filtered by index, from inclusive, to exclusive', async () => {
    const got = await page({ filter: { indexFrom: 10, indexTo: 13 }, orderBy: { direction: 'ASC' } });
    expect(indexes(got)).toEqual([10, 11, 12]);
    expect(got.totalCount).toBe(3);
    expect((await page({ filter: { indexFrom: 13, indexTo: 10 } })).totalCount).toBe(0);
    expect((await page({ filter: { indexFrom: -5, indexTo: 99_999 } })).totalCount).toBe(SIZE);
  });

  it('are filtered by the time of recording, exactly', async () => {
    const times = [...new Set(all.map(({ recordedAt }) => recordedAt))];
    expect(times.length).toBeGreaterThan(1);
    for (const recordedFrom of times) {
      const expected = all.filter(({ recordedAt }) => recordedAt >= recordedFrom).length;
      expect((await page({ filter: { recordedFrom } })).totalCount).toBe(expected);
      const before = all.filter(({ recordedAt }) => recordedAt < recordedFrom).length;
      expect((await page({ filter: { recordedTo: recordedFrom } })).totalCount).toBe(before);
      // A nanosecond later the records of that millisecond are past.
      const later = recordedFrom.replace('Z', '000001Z');
      expect((await page({ filter: { recordedTo: later } })).totalCount).toBe(
        all.filter(({ recordedAt }) => recordedAt <= recordedFrom).length,
      );
    }
  });

  it('are filtered by event id, with all filters holding together', async () => {
    const eventId = ['e3', 'e90', 'e5', 'none'];
    const got = await page({ filter: { eventId }, orderBy: { direction: 'ASC' } });
    expect(got.nodes.map((node) => node.eventId)).toEqual(['e3', 'e5', 'e90']);
    const both = await page({ filter: { eventId, indexFrom: 4 }, first: 1 });
    expect(both.nodes.map((node) => node.eventId)).toEqual(['e90']);
    expect(both).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  });

  it('have a page limit that holds at 500 and is told at 501', async () => {
    expect(await codes({ first: PAGE_RECORDS_MAX })).toEqual([]);
    expect(await codes({ first: PAGE_RECORDS_MAX + 1 })).toEqual(['PAGE_TOO_LARGE']);
    expect(await codes({ last: PAGE_RECORDS_MAX + 1 })).toEqual(['PAGE_TOO_LARGE']);
  });

  it('take 500 event ids in a filter and not 501', async () => {
    const ids = (count: number) => ({
      filter: { eventId: Array.from({ length: count }, (_, i) => `x${i}`) },
    });
    expect(await codes(ids(500))).toEqual([]);
    expect(await codes(ids(501))).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    [{ first: 1, last: 1 }, 'BAD_USER_INPUT'],
    [{ first: -1 }, 'BAD_USER_INPUT'],
    [{ after: 'nonsense' }, 'CURSOR_INVALID'],
    [{ before: `${encodeCursor({ index: 1, occurred: null })}=` }, 'CURSOR_INVALID'],
    [{ filter: { recordedFrom: 'yesterday' } }, 'TIMESTAMP_INVALID'],
  ])('refuse %j with %s', async (variables, code) => {
    expect(await codes(variables)).toEqual([code]);
  });

  it('can be fetched by index, by event id and by node id, and are the same', async () => {
    const query = `query ($id: ID!) {
      i: record(index: 7) { id eventId } e: record(eventId: "e7") { id eventId }
      n: node(id: $id) { id ... on Record { eventId } } none: record(index: 4711) { id } }`;
    const id = Buffer.from('Record:default:7').toString('base64');
    const { data } = await appliance.graphql(query, { id });
    const record = { id, eventId: 'e7' };
    expect(data).toEqual({ i: record, e: record, n: record, none: null });
  });

  it.each(['{ record { id } }', '{ record(index: 1, eventId: "e1") { id } }'])('refuse %s', async (query) => {
    expect((await appliance.graphql(query)).codes).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    'Record:default:-1',
    'Record:default:01',
    'Record:default:1:2',
    'Record:default',
    'Ledger:default',
    'Token:x',
  ])('are not found under the node id %s', async (id) => {
    const { data } = await appliance.graphql(`query ($id: ID!) { node(id: $id) { id } }`, {
      id: Buffer.from(id).toString('base64'),
    });
    expect(data).toEqual({ node: null });
  });
});

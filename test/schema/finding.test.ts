import { QUERY_LENGTH_MAX } from '#server/records/query/parse-query.ts';
import { expect, onTestFinished, test } from 'vitest';
import { subscribe } from '#test/http/event-stream.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { FILTERS, FINDING_EVENTS, SEARCHES } from './finding-events.ts';

const BACKENDS = {
  SQLite: async () => ({}),
  Postgres: async () => ({ DATABASE_URL: (await createDatabase()).url }),
} as const;

/** An appliance that has recorded the events. */
async function startWithEvents(backend: keyof typeof BACKENDS): Promise<Appliance> {
  const appliance = await startAppliance({ env: await BACKENDS[backend]() });
  onTestFinished(() => appliance.stop());
  const mutation = `mutation ($events: [EventInput!]!) {
    recordEvents(events: $events, ack: RECORDED) { accepted receipts { errors { message } } } }`;
  const { data } = await appliance.graphql<{ recordEvents: unknown }>(mutation, { events: FINDING_EVENTS });
  expect(data.recordEvents).toMatchObject({ accepted: FINDING_EVENTS.length });
  return appliance;
}

interface Found {
  readonly totalCount: number;
  readonly indexedThrough: number;
  readonly nodes: readonly { readonly eventId: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const RECORDS = `query ($filter: RecordFilter, $search: String, $orderBy: RecordOrder, $first: Int,
    $last: Int, $after: String, $before: String, $skip: SafeInt) {
  records(filter: $filter, search: $search, orderBy: $orderBy, first: $first, last: $last,
    after: $after, before: $before, skip: $skip) {
    totalCount indexedThrough nodes { eventId }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function find(appliance: Appliance, variables: Readonly<Record<string, unknown>>): Promise<Found> {
  const { data, errors } = await appliance.graphql<{ records: Found }>(RECORDS, variables);
  expect(errors).toEqual([]);
  return data.records;
}

const idsOf = (found: Found): string[] => found.nodes.map(({ eventId }) => eventId);
const RECORDED_ASC = { field: 'RECORDED', direction: 'ASC' };

test.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])(
  'every search and every member of the filter finds what it says, on %s',
  async (backend) => {
    const appliance = await startWithEvents(backend);
    const found = async (asked: Readonly<Record<string, unknown>>) => {
      const page = await find(appliance, { ...asked, orderBy: RECORDED_ASC });
      expect(page.totalCount).toBe(page.nodes.length);
      expect(page.indexedThrough).toBe(FINDING_EVENTS.length - 1);
      return idsOf(page);
    };
    for (const [search, ids] of SEARCHES) expect([search, await found({ search })]).toEqual([search, ids]);
    for (const [filter, ids] of FILTERS) expect([filter, await found({ filter })]).toEqual([filter, ids]);
    expect(await found({ filter: { actorId: ['carol'] }, search: 'status:attempt' })).toEqual(['attempt-1']);
  },
);

test.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])(
  'pages go through all matches once, both ways, in both orders, on %s',
  async (backend) => {
    const appliance = await startWithEvents(backend);
    const byTime = ['login-1', 'hostile-1', 'login-2', 'read-1', 'grant-1', 'attempt-1'].sort((a, b) =>
      timeOf(a) < timeOf(b) ? -1 : 1,
    );
    const recorded = FINDING_EVENTS.map(({ id }) => String(id));
    for (const [field, ascending] of [
      ['OCCURRED', byTime],
      ['RECORDED', recorded],
    ] as const) {
      for (const direction of ['ASC', 'DESC']) {
        const matching = ascending.filter((id) => !id.startsWith('read'));
        const expected = direction === 'ASC' ? matching : matching.toReversed();
        const asked = { search: '-action:user.read', orderBy: { field, direction } };
        const forward: string[] = [];
        for (let after: string | null = null; ; ) {
          const page = await find(appliance, { ...asked, first: 2, after });
          expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
          forward.push(...idsOf(page));
          if (!page.pageInfo.hasNextPage) break;
          after = page.pageInfo.endCursor;
        }
        const backward: string[] = [];
        for (let before: string | null = null; ; ) {
          const page = await find(appliance, { ...asked, last: 2, before });
          backward.unshift(...idsOf(page));
          if (!page.pageInfo.hasPreviousPage) break;
          before = page.pageInfo.startCursor;
        }
        for (const skip of [0, 1, 4, 5, 6, 9_007_199_254_740_991]) {
          const page = await find(appliance, { ...asked, first: 2, skip });
          expect([field, direction, skip, idsOf(page)]).toEqual([
            field,
            direction,
            skip,
            expected.slice(skip, skip + 2),
          ]);
          expect(page.pageInfo.hasPreviousPage).toBe(skip > 0);
          const next = await find(appliance, { ...asked, first: 2, after: page.pageInfo.endCursor });
          if (skip < 5) expect(idsOf(next)).toEqual(expected.slice(skip + 2, skip + 4));
        }
        expect([field, direction, forward]).toEqual([field, direction, expected]);
        expect([field, direction, backward]).toEqual([field, direction, expected]);
      }
    }
  },
);

/** Its time in UTC with nine digits, which sorts as text. */
function timeOf(id: string): string {
  const sent = String(FINDING_EVENTS.find((event) => event['id'] === id)?.['timestamp']);
  const fraction = /\.(\d+)/.exec(sent)?.[1] ?? '';
  return new Date(sent.replace(/\.\d+/, '')).toISOString().slice(0, 20) + fraction.padEnd(9, '0');
}

test.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])(
  'histogram, facets and statistics count exactly, on %s',
  async (backend) => {
    const appliance = await startWithEvents(backend);
    const { data, errors } = await appliance.graphql<Record<string, unknown>>(`{
      histogram(from: "2026-01-01T00:00:00Z", to: "2026-01-05T00:00:00Z", buckets: 4) {
        from to count failures attempts indexedThrough }
      filtered: histogram(search: "actor.type:user", filter: { status: [FAILURE] },
        from: "2026-01-01T00:00:00Z", to: "2026-01-05T00:00:00Z", buckets: 2) { count failures }
      few: histogram(from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00.002Z") { from to }
      actions: facets(field: ACTION, first: 2) { value count }
      statuses: facets(field: STATUS) { value count }
      actors: facets(field: ACTOR_ID, search: "ip:*") { value count }
      addresses: facets(field: IP_ADDRESS) { value }
      ledger(id: "default") { statistics(from: "2026-01-01T12:00:00Z", to: "2026-01-03T00:00:00Z") {
        from to total failures indexedThrough byAction { value count } byActor { value count }
        byStatus { value } byTargetType { value count } byDay { from count } } }
    }`);
    expect(errors).toEqual([]);
    expect(data['histogram']).toEqual(
      [4, 2, 1, 0].map((count, i) => ({
        from: `2026-01-0${i + 1}T00:00:00.000Z`,
        to: `2026-01-0${i + 2}T00:00:00.000Z`,
        // That of midnight in New York is of the first day in UTC.
        count: i === 0 ? 3 : count,
        failures: i === 0 ? 1 : 0,
        attempts: i === 2 ? 1 : 0,
        indexedThrough: 5,
      })),
    );
    expect(data['filtered']).toEqual([
      { count: 1, failures: 1 },
      { count: 0, failures: 0 },
    ]);
    expect(data['few']).toHaveLength(2);
    expect(data['actions']).toEqual([
      { value: 'access.grant', count: 2 },
      { value: 'user.login', count: 2 },
    ]);
    expect(data['statuses']).toEqual([
      { value: 'SUCCESS', count: 4 },
      { value: 'ATTEMPT', count: 1 },
      { value: 'FAILURE', count: 1 },
    ]);
    expect(data['actors']).toEqual([
      { value: 'ALICE', count: 1 },
      { value: 'alice', count: 1 },
      { value: 'bob', count: 1 },
    ]);
    expect(data['addresses']).toEqual(
      ['10.0.0.5', '2001:db8::5', '::ffff:10.0.0.6'].map((value) => ({ value })),
    );
    expect(data['ledger']).toEqual({
      statistics: {
        from: '2026-01-01T12:00:00.000Z',
        to: '2026-01-03T00:00:00.000Z',
        total: 2,
        failures: 0,
        indexedThrough: 5,
        byAction: [
          { value: 'access.grant', count: 1 },
          { value: 'user.read', count: 1 },
        ],
        byActor: [
          { value: 'bob', count: 1 },
          { value: 'carol', count: 1 },
        ],
        byStatus: [{ value: 'SUCCESS' }],
        byTargetType: [{ value: 'channel', count: 2 }],
        byDay: [
          { from: '2026-01-01T12:00:00.000Z', count: 0 },
          { from: '2026-01-02T00:00:00.000Z', count: 2 },
        ],
      },
    });
  },
);

test.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])(
  'from one record to those around it and those it has something in common with, on %s',
  async (backend) => {
    const appliance = await startWithEvents(backend);
    const { data, errors } = await appliance.graphql<{ record: unknown }>(`{ record(eventId: "grant-1") {
      around(first: 2) { before { eventId } after { eventId } }
      session: related(by: SESSION) { totalCount nodes { eventId } }
      near: related(by: SESSION, withinMinutes: 720) { nodes { eventId } }
      target: related(by: TARGET, orderBy: { direction: ASC }) { nodes { eventId } }
      request: related(by: REQUEST) { totalCount nodes { eventId } }
    } }`);
    expect(errors).toEqual([]);
    const nodes = (...ids: string[]) => ids.map((eventId) => ({ eventId }));
    expect(data.record).toEqual({
      around: { before: nodes('login-2', 'read-1'), after: nodes('attempt-1', 'hostile-1') },
      session: { totalCount: 3, nodes: nodes('grant-1', 'read-1', 'login-1') },
      near: { nodes: nodes('grant-1') },
      target: { nodes: nodes('read-1', 'grant-1') },
      request: { totalCount: 0, nodes: [] },
    });
  },
);

test.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])(
  'a stream takes the same search, on %s',
  async (backend) => {
    const appliance = await startWithEvents(backend);
    const stream = await subscribe(
      appliance.url,
      appliance.adminToken,
      'subscription { recordAppended(after: -1, search: "target:* -actor:bob") { index eventId } }',
    );
    const got = [await stream.next(), await stream.next()];
    stream.close();
    expect(got.map((result) => result?.data?.recordAppended.eventId)).toEqual(['grant-1', 'attempt-1']);
  },
);

test.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])(
  'the search bar is offered what records have, and each offer finds them, on %s',
  async (backend) => {
    const appliance = await startWithEvents(backend);
    const offered = async (search: string) => {
      const query = `query ($search: String!, $cursor: Int!) {
        searchCompletions(search: $search, cursor: $cursor) { from to options { text kind count } } }`;
      const { data, errors } = await appliance.graphql<{
        searchCompletions: { from: number; to: number; options: { text: string; count: number | null }[] };
      }>(query, { search, cursor: search.length });
      expect(errors).toEqual([]);
      const { from, to, options } = data.searchCompletions;
      return options.map(({ text, count }) => ({
        search: search.slice(0, from) + text + search.slice(to),
        count,
      }));
    };
    expect(await offered('details.')).toEqual(
      expect.arrayContaining([
        { search: 'details.amount:', count: 3 },
        { search: 'details.dotted.name:', count: 1 },
        { search: 'details.nested.deep.flag:', count: 1 },
      ]),
    );
    expect(await offered('action:us')).toEqual([
      { search: 'action:user.login', count: 2 },
      { search: 'action:user.read', count: 1 },
    ]);
    expect((await offered('acti')).map(({ search }) => search)).toContain('action:');
    for (const start of ['actor:', 'action:', 'target.name:', 'details.reason:', 'description:']) {
      for (const { search, count } of (await offered(start)).filter((option) => option.count !== null)) {
        const { totalCount } = await find(appliance, { search });
        expect([search, totalCount]).toEqual([
          search,
          expect.toSatisfy((found) => Number(found) >= (count ?? 1)),
        ]);
      }
    }
  },
);

test('the search bar is not offered what no search can hold', async () => {
  const appliance = await startWithEvents('SQLite');
  const events = ['long', 'short'].map((id) => ({
    id,
    action: 'a',
    details: { text: id === 'long' ? 'x'.repeat(QUERY_LENGTH_MAX + 1) : 'x' },
  }));
  await appliance.graphql(
    'mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) { accepted } }',
    { events },
  );
  const query = '{ searchCompletions(search: "details.text:x", cursor: 14) { options { text } } }';
  const { data } = await appliance.graphql(query);
  expect(data).toEqual({ searchCompletions: { options: [{ text: 'x' }] } });
});

test('a mistake is answered with where it is and what was expected, never with nothing found', async () => {
  const appliance = await startWithEvents('SQLite');
  for (const search of [
    'actor:',
    '(a',
    'a OR',
    'occurred:yesterday',
    'ip:10.0.0.0/99',
    'actr:alice',
    '"--"',
  ]) {
    for (const query of [
      'query ($search: String) { records(search: $search) { totalCount } }',
      'query ($search: String) { facets(search: $search, field: ACTION) { value } }',
    ]) {
      const { errors, status } = await appliance.graphql(query, { search });
      expect([search, errors[0]?.extensions.code, status]).toEqual([search, 'SEARCH_INVALID', 200]);
      expect(errors[0]?.message).toMatch(/column \d+/i);
      expect(errors[0]?.extensions.path).toEqual(['search']);
    }
  }
});

test.each([
  ['histogram(from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z") { count }', 'BAD_USER_INPUT'],
  ['histogram(from: "x", to: "2026-01-01T00:00:00Z") { count }', 'TIMESTAMP_INVALID'],
  [
    'histogram(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", buckets: 0) { count }',
    'BAD_USER_INPUT',
  ],
  [
    'histogram(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", buckets: 1001) { count }',
    'BAD_USER_INPUT',
  ],
  ['records(skip: -1) { totalCount }', 'BAD_USER_INPUT'],
  ['records(skip: 1, last: 1) { totalCount }', 'BAD_USER_INPUT'],
  ['records(skip: 1, after: "aTow") { totalCount }', 'BAD_USER_INPUT'],
  ['records(skip: 0, before: "aTow") { totalCount }', 'BAD_USER_INPUT'],
  ['facets(field: ACTION, first: 1001) { count }', 'PAGE_TOO_LARGE'],
  ['facets(field: ACTION, first: -1) { count }', 'BAD_USER_INPUT'],
  ['records(filter: { details: [1] }) { totalCount }', 'BAD_USER_INPUT'],
  ['records(filter: { occurredFrom: "2026" }) { totalCount }', 'TIMESTAMP_INVALID'],
  ['ledger(id: "default") { statistics(from: "1900-01-01T00:00:00Z") { total } }', 'BAD_USER_INPUT'],
])('%s is refused with %s', async (field, code) => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  expect((await appliance.graphql(`{ ${field} }`)).codes).toEqual([code]);
});

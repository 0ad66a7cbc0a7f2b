import { describe, expect, it, onTestFinished } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

/** Ids that Postgres could not store as they are, or that could be mistaken for such ones. */
const IDS = ['a\u0000', 'a\u00100', 'a\u0010', 'plain', 'a\ufffd'];

async function start(kind: 'SQLite' | 'Postgres'): Promise<Appliance> {
  const env = kind === 'Postgres' ? { DATABASE_URL: (await createDatabase()).url } : {};
  const appliance = await startAppliance({ env });
  onTestFinished(() => appliance.stop());
  return appliance;
}

async function startWithEvents(kind: 'SQLite' | 'Postgres'): Promise<Appliance> {
  const appliance = await start(kind);
  const mutation = 'mutation ($e: [EventInput!]!) { recordEvents(events: $e, ack: RECORDED) { accepted } }';
  const { errors } = await appliance.graphql(mutation, { e: IDS.map((id) => ({ id, action: 'a' })) });
  expect(errors).toEqual([]);
  return appliance;
}

describe.each(['SQLite', 'Postgres'] as const)('event ids with control characters, on %s,', (kind) => {
  it('find their own record and no other', async () => {
    const appliance = await startWithEvents(kind);
    for (const [index, id] of IDS.entries()) {
      const { data } = await appliance.graphql(
        'query ($id: ID!) { record(eventId: $id) { index eventId } }',
        {
          id,
        },
      );
      expect(data).toEqual({ record: { index, eventId: id } });
    }
    const query = 'query ($id: ID!) { record(eventId: $id) { index } }';
    // Of half a character databases make U+FFFD.
    for (const id of ['a\u0000\u0000', 'a\ud800']) {
      expect((await appliance.graphql(query, { id })).data).toEqual({ record: null });
    }
  });

  it('filter records by what was sent', async () => {
    const appliance = await startWithEvents(kind);
    const query = `query ($ids: [String!]!) {
      records(filter: { eventId: $ids }, orderBy: { direction: ASC }) { totalCount nodes { eventId } } }`;
    const { data } = await appliance.graphql(query, { ids: ['a\u0000', 'a\u0010', 'a0', 'a\ud800'] });
    expect(data).toEqual({
      records: { totalCount: 2, nodes: [{ eventId: 'a\u0000' }, { eventId: 'a\u0010' }] },
    });
  });

  it('come out of receipts and nodes as they were sent', async () => {
    const appliance = await startWithEvents(kind);
    const mutation = `mutation ($e: [EventInput!]!) {
      recordEvents(events: $e, ack: RECORDED) { receipts { outcome eventId record { id eventId } } } }`;
    const { data, errors } = await appliance.graphql<{
      recordEvents: { receipts: readonly { eventId: string; record: { id: string; eventId: string } }[] };
    }>(mutation, { e: [{ id: 'b\u0000', action: 'a' }] });
    expect(errors).toEqual([]);
    const { receipts } = data.recordEvents;
    expect(receipts).toMatchObject([{ eventId: 'b\u0000', record: { eventId: 'b\u0000' } }]);
    const node = 'query ($id: ID!) { node(id: $id) { ... on Record { eventId } } }';
    const { data: found } = await appliance.graphql(node, { id: receipts[0]?.record.id });
    expect(found).toEqual({ node: { eventId: 'b\u0000' } });
  });
});

const REFUSED = [
  ['name', 'mutation ($text: String!) { createLedger(id: "new", name: $text) { id } }'],
  [
    'name',
    'mutation ($text: String!) { createToken(name: $text, scopes: ["admin"], ledgers: ["*"]) { secret } }',
  ],
  ['reason', 'mutation ($text: String!) { discardQuarantinedEvent(id: "1", reason: $text) { id } }'],
] as const;

const FINDS_NOTHING: readonly (readonly [query: string, codes: readonly string[]])[] = [
  ['query ($text: ID!) { ledger(id: $text) { id } }', []],
  ['query ($text: ID!) { records(ledger: $text) { totalCount } }', ['LEDGER_NOT_FOUND']],
  [
    'mutation ($text: ID!) { recordEvent(ledger: $text, event: { action: "a" }) { outcome } }',
    ['LEDGER_NOT_FOUND'],
  ],
  [
    'mutation ($text: ID!) { createToken(name: "n", scopes: ["admin"], ledgers: [$text]) { secret } }',
    ['LEDGER_NOT_FOUND'],
  ],
  ['mutation ($text: ID!) { revokeToken(id: $text) { id } }', ['TOKEN_NOT_FOUND']],
  ['mutation ($text: ID!) { replayQuarantinedEvent(id: $text) { id } }', ['QUARANTINED_EVENT_NOT_FOUND']],
  ['query ($text: ID!) { node(id: $text) { id } }', ['BAD_USER_INPUT']],
];

describe.each(['SQLite', 'Postgres'] as const)('a text with U+0000, on %s,', (kind) => {
  it('is refused where it would have to be stored, and the answer names the argument', async () => {
    const appliance = await start(kind);
    for (const [argument, query] of REFUSED) {
      const { errors } = await appliance.graphql(query, { text: 'a\u0000b' });
      expect(errors, query).toMatchObject([
        {
          message: `${argument} has the character U+0000, which cannot be stored.`,
          extensions: { code: 'BAD_USER_INPUT', path: [argument] },
        },
      ]);
    }
  });

  it('finds nothing where it names something, and neither does a number that is too large', async () => {
    const appliance = await start(kind);
    for (const [query, codes] of FINDS_NOTHING) {
      expect((await appliance.graphql(query, { text: 'default\u0000' })).codes, query).toEqual(codes);
    }
    const record = Buffer.from('Record:default\u0000:0').toString('base64');
    expect(
      (await appliance.graphql('query ($id: ID!) { node(id: $id) { id } }', { id: record })).codes,
    ).toEqual([]);
    const replay = 'mutation ($id: ID!) { replayQuarantinedEvent(id: $id) { id } }';
    for (const id of [String(2 ** 31), String(2 ** 53)]) {
      expect((await appliance.graphql(replay, { id })).codes).toEqual(['QUARANTINED_EVENT_NOT_FOUND']);
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';

/** Ids that Postgres could not store as they are, or that could be mistaken for such ones. */
const IDS = ['a\u0000', 'a\u00100', 'a\u0010', 'plain'];

describe('event ids with control characters', () => {
  let appliance: Appliance;

  const ask = async (query: string, variables: Record<string, unknown> = {}) =>
    await appliance.graphql<Record<string, unknown>>(query, variables);

  beforeAll(async () => {
    appliance = await startAppliance();
    const mutation = 'mutation ($e: [EventInput!]!) { recordEvents(events: $e, ack: RECORDED) { accepted } }';
    const { errors } = await ask(mutation, { e: IDS.map((id) => ({ id, action: 'a' })) });
    expect(errors).toEqual([]);
  });
  afterAll(() => appliance.stop());

  it('find their own record and no other', async () => {
    for (const [index, id] of IDS.entries()) {
      const { data } = await ask('query ($id: ID!) { record(eventId: $id) { index eventId } }', { id });
      expect(data).toEqual({ record: { index, eventId: id } });
    }
    const { data } = await ask('query ($id: ID!) { record(eventId: $id) { index } }', {
      id: 'a\u0000\u0000',
    });
    expect(data).toEqual({ record: null });
  });

  it('filter records by what was sent', async () => {
    const query = `query ($ids: [String!]!) {
      records(filter: { eventId: $ids }, orderBy: { direction: ASC }) { totalCount nodes { eventId } } }`;
    const { data } = await ask(query, { ids: ['a\u0000', 'a\u0010', 'a0'] });
    expect(data).toEqual({
      records: { totalCount: 2, nodes: [{ eventId: 'a\u0000' }, { eventId: 'a\u0010' }] },
    });
  });

  it('come out of receipts and nodes as they were sent', async () => {
    const mutation = `mutation ($e: [EventInput!]!) {
      recordEvents(events: $e, ack: RECORDED) { receipts { outcome eventId record { id eventId } } } }`;
    const { data, errors } = await ask(mutation, { e: [{ id: 'b\u0000', action: 'a' }] });
    expect(errors).toEqual([]);
    const { receipts } = data['recordEvents'] as { receipts: [{ record: { id: string } }] };
    expect(receipts).toMatchObject([{ eventId: 'b\u0000', record: { eventId: 'b\u0000' } }]);
    const node = 'query ($id: ID!) { node(id: $id) { ... on Record { eventId } } }';
    expect((await ask(node, { id: receipts[0].record.id })).data).toEqual({ node: { eventId: 'b\u0000' } });
  });
});

describe('a text with U+0000, which Postgres cannot store,', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  it.each([
    ['name', 'mutation ($text: String!) { createLedger(id: "new", name: $text) { id } }'],
    [
      'name',
      `mutation ($text: String!) {
        createToken(name: $text, scopes: ["records:read"], ledgers: ["*"]) { secret } }`,
    ],
    ['reason', 'mutation ($text: String!) { discardQuarantinedEvent(id: "1", reason: $text) { id } }'],
  ])('is refused as a %s, and the answer names it', async (argument, query) => {
    const { errors } = await appliance.graphql(query, { text: 'a\u0000b' });
    expect(errors).toMatchObject([
      {
        message: `${argument} has the character U+0000, which cannot be stored.`,
        extensions: { code: 'BAD_USER_INPUT', path: [argument] },
      },
    ]);
  });

  it.each([
    ['ledger', 'query ($text: ID!) { ledger(id: $text) { id } }', []],
    ['records', 'query ($text: ID!) { records(ledger: $text) { totalCount } }', ['LEDGER_NOT_FOUND']],
  ])('names no ledger to %s', async (_field, query, codes) => {
    expect((await appliance.graphql(query, { text: 'default\u0000' })).codes).toEqual(codes);
  });

  it('and a number over those of the quarantine name no quarantined event', async () => {
    const query = 'mutation ($id: ID!) { replayQuarantinedEvent(id: $id) { id } }';
    for (const id of ['1\u0000', String(2 ** 31), String(2 ** 53)]) {
      expect((await appliance.graphql(query, { id })).codes).toEqual(['QUARANTINED_EVENT_NOT_FOUND']);
    }
  });
});

import { request as httpRequest } from 'node:http';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMPLEXITY_MAX } from '#schema/builder.ts';
import {
  ALIASES_MAX,
  BODY_BYTES_MAX,
  DEPTH_MAX,
  DIRECTIVES_MAX,
  ROOT_FIELDS_MAX,
  TOKENS_MAX,
} from '#server/http/limits.ts';
import { BATCH_EVENTS_MAX } from '#server/ports/intake.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';

const repeat = (count: number, text: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');

describe('a limit', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  const codes = async (query: string, variables = {}) => (await appliance.graphql(query, variables)).codes;
  const postSized = (bytes: number, path = '/graphql') => {
    const body = '{"query":"{ __typename }"}';
    return appliance.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body + ' '.repeat(bytes - body.length),
    });
  };
  /** Sends without saying how much is to come; gives the status. */
  const postChunked = (bytes: number, path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${appliance.adminToken}`, 'content-type': 'application/json' };
      const req = httpRequest(new URL(path, appliance.url), { method: 'POST', headers }, (res) => {
        res.resume().on('end', () => resolve(res.statusCode));
      });
      req.on('error', reject);
      req.write('{"query":"{ __typename }"}');
      req.end(' '.repeat(bytes - 26));
    });

  it(`of ${BODY_BYTES_MAX} bytes a body holds, announced or chunked`, async () => {
    expect((await postSized(BODY_BYTES_MAX)).status).toBe(200);
    const over = await postSized(BODY_BYTES_MAX + 1);
    expect(over.status).toBe(413);
    expect(over.text).toContain('BODY_TOO_LARGE');
    expect(await postChunked(BODY_BYTES_MAX, '/graphql')).toBe(200);
    expect(await postChunked(BODY_BYTES_MAX + 1, '/graphql')).toBe(413);
    expect((await postSized(BODY_BYTES_MAX, '/v1/events')).status).toBe(400);
    expect((await postSized(BODY_BYTES_MAX + 1, '/v1/events')).status).toBe(413);
    expect(await postChunked(BODY_BYTES_MAX + 1, '/v1/events')).toBe(413);
  });

  it(`of ${BATCH_EVENTS_MAX} events a mutation and a JSON array holds`, async () => {
    const mutation = 'mutation ($e: [EventInput!]!) { recordEvents(events: $e) { accepted } }';
    const events = Array.from({ length: BATCH_EVENTS_MAX + 1 }, () => ({ action: 'a' }));
    expect(await codes(mutation, { e: events.slice(1) })).toEqual([]);
    expect(await codes(mutation, { e: events })).toEqual(['BATCH_TOO_LARGE']);
    const send = async (list: unknown) => {
      const headers = { 'content-type': 'application/json' };
      return await appliance.request('/v1/events', { method: 'POST', headers, body: JSON.stringify(list) });
    };
    expect((await send(events.slice(1))).status).toBe(200);
    const { status, text } = await send(events);
    expect([status, text]).toEqual([400, expect.stringContaining('BATCH_TOO_LARGE')]);
  });

  it(`of ${DEPTH_MAX} levels holds, also through fragments`, async () => {
    // records, edges, node, ledger … : the schema itself has no cycle, so depth is made of what is not there.
    const nested = (levels: number) => `{ ${'a { '.repeat(levels - 1)}a${' }'.repeat(levels - 1)} }`;
    expect(await codes(nested(DEPTH_MAX))).not.toContain('QUERY_TOO_COMPLEX');
    expect(await codes(nested(DEPTH_MAX + 1))).toContain('QUERY_TOO_COMPLEX');
    const split = (levels: number) =>
      `${nested(6).replace('a }', '...F }')} fragment F on Query ${nested(levels - 5)}`;
    expect(await codes(split(DEPTH_MAX))).not.toContain('QUERY_TOO_COMPLEX');
    expect(await codes(split(DEPTH_MAX + 1))).toContain('QUERY_TOO_COMPLEX');
  });

  it(`of ${ALIASES_MAX} aliases holds, counted wherever a fragment is spread`, async () => {
    const aliases = (count: number) => `{ ledgers { ${repeat(count, (i) => `a${i}: id`)} } }`;
    expect(await codes(aliases(ALIASES_MAX))).toEqual([]);
    expect(await codes(aliases(ALIASES_MAX + 1))).toEqual(['QUERY_TOO_COMPLEX']);
    const spread = (more: number) =>
      `fragment F on Ledger { ${repeat(10, (i) => `a${i}: id`)} }
       { a: ledgers { ...F } b: ledgers { ...F } ledgers { ${repeat(more, (i) => `c${i}: id`)} } }`;
    expect(await codes(spread(8))).toEqual([]);
    expect(await codes(spread(9))).toEqual(['QUERY_TOO_COMPLEX']);
  });

  it(`of ${DIRECTIVES_MAX} directives holds`, async () => {
    const fields = (count: number) => `{ ledgers { ${repeat(count, () => 'id @include(if: true)')} } }`;
    expect(await codes(fields(DIRECTIVES_MAX))).toEqual([]);
    expect(await codes(fields(DIRECTIVES_MAX + 1))).toEqual(['QUERY_TOO_COMPLEX']);
  });

  it(`of ${ROOT_FIELDS_MAX} fields at the top holds`, async () => {
    const fields = (count: number) => `{ ${repeat(count, (i) => `a${i}: __typename`)} }`;
    expect(await codes(fields(ROOT_FIELDS_MAX))).toEqual([]);
    expect(await codes(fields(ROOT_FIELDS_MAX + 1))).toEqual(['QUERY_TOO_COMPLEX']);
  });

  it(`of ${TOKENS_MAX} tokens in a document holds`, async () => {
    const document = (tokens: number) => `{ ${repeat(tokens - 2, () => '__typename')} }`;
    // The same field again and again is one field; only the lexer counts it.
    expect((await appliance.graphql(document(TOKENS_MAX))).text).not.toContain(`${TOKENS_MAX} tokens`);
    const over = await appliance.graphql(document(TOKENS_MAX + 1));
    expect([over.text, over.codes]).toEqual([
      expect.stringContaining(`${TOKENS_MAX} tokens`),
      ['GRAPHQL_PARSE_FAILED'],
    ]);
  });

  it(`of ${COMPLEXITY_MAX} on complexity counts a page's fields for each record asked for`, async () => {
    // A page of n with k fields a node is 1 + n × (1 + k): here 249,501, and 1 + n for the count.
    const query = (first: number) =>
      `{ a: records(first: 500) { nodes { ${repeat(498, () => 'index')} ` +
      `} } b: records(first: ${first}) { totalCount } }`;
    expect(await codes(query(498))).toEqual([]);
    expect(await codes(query(499))).toContain('QUERY_TOO_COMPLEX');
    // Without a number a page has its default size; the mutation's events count as well.
    const events = Array.from({ length: 1000 }, () => ({ action: 'a' }));
    const mutation = (fields: number) =>
      `mutation ($e: [EventInput!]!) { recordEvents(events: $e) { receipts { ` +
      `${repeat(fields, () => 'position')} } } }`;
    expect(await codes(mutation(248), { e: events })).toEqual([]);
    expect(await codes(mutation(249), { e: events })).toEqual(['QUERY_TOO_COMPLEX']);
  });

  it('does not stand in the way of the usual introspection', async () => {
    expect(await codes(getIntrospectionQuery())).toEqual([]);
  });

  it('is the alias then, which no answer can have', async () => {
    const queries = ['{ then: __typename }', '{ ...F } fragment F on Query { ledgers { then: id } }'];
    for (const query of queries) expect(await codes(query)).toEqual(['BAD_USER_INPUT']);
  });

  it('ends a circle of fragments with an error', async () => {
    const query = '{ ledgers { ...A } } fragment A on Ledger { ...B } fragment B on Ledger { ...A }';
    expect((await codes(query)).length).toBeGreaterThan(0);
  });
});

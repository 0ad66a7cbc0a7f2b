import { once } from 'node:events';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MESSAGE_BYTES_MAX, SOCKET_OPERATIONS_MAX } from '#server/http/limits.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { type EventStream, subscribe } from './event-stream.ts';

let appliance: Appliance;
beforeAll(async () => {
  appliance = await startAppliance();
});
afterAll(() => appliance.stop());

let ledgers = 0;
async function newLedger(): Promise<string> {
  const id = `l${ledgers++}`;
  await appliance.graphql('mutation ($id: ID!) { createLedger(id: $id) { id } }', { id });
  return id;
}

async function record(ledger: string, count: number, details = {}): Promise<void> {
  const mutation =
    'mutation ($l: ID!, $e: [EventInput!]!) { recordEvents(ledger: $l, events: $e, ack: RECORDED) { ' +
    'rejected } }';
  for (let left = count; left > 0; left -= 500) {
    const e = Array.from({ length: Math.min(left, 500) }, () => ({ action: 'a', details }));
    const { codes } = await appliance.graphql(mutation, { l: ledger, e });
    expect(codes).toEqual([]);
  }
}

const appended = (ledger: string, after: string, fields = 'index') =>
  `subscription { recordAppended(ledger: "${ledger}"${after}) { ${fields} } }`;

async function takeIndexes(stream: EventStream, count: number): Promise<number[]> {
  const indexes: number[] = [];
  while (indexes.length < count) {
    const result = await stream.next();
    if (result === null) break;
    expect(result.errors).toBeUndefined();
    indexes.push(result.data?.recordAppended.index ?? Number.NaN);
  }
  return indexes;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('recordAppended over server-sent events', () => {
  const open = (ledger: string, after = ', after: -1', fields?: string) =>
    subscribe(appliance.url, appliance.adminToken, appended(ledger, after, fields));

  it('gives everything from the start, then everything that comes, each once, in order', async () => {
    const ledger = await newLedger();
    await record(ledger, 230);
    const stream = await open(ledger);
    expect(await takeIndexes(stream, 230)).toEqual(range(0, 230));
    const [rest] = await Promise.all([
      takeIndexes(stream, 120),
      record(ledger, 20).then(() => record(ledger, 100)),
    ]);
    expect(rest).toEqual(range(230, 350));
    stream.close();
  });

  it('goes on where a broken connection ended, with nothing missed and nothing twice', async () => {
    const ledger = await newLedger();
    const got: number[] = [];
    for (const take of [7, 1, 112, 60]) {
      const stream = await open(ledger, `, after: ${got.at(-1) ?? -1}`);
      const [indexes] = await Promise.all([takeIndexes(stream, take), record(ledger, take + 3)]);
      got.push(...indexes);
      stream.close();
    }
    expect(got).toEqual(range(0, 180));
  });

  it('gives only what comes from now on where after is left out', async () => {
    const ledger = await newLedger();
    await record(ledger, 5);
    const stream = await open(ledger, '');
    await record(ledger, 2);
    expect(await takeIndexes(stream, 2)).toEqual([5, 6]);
    stream.close();
  });

  it('passes on only what the filter lets through, and ends before indexTo', async () => {
    const ledger = await newLedger();
    await record(ledger, 30);
    const stream = await open(ledger, ', after: -1, filter: { indexFrom: 10, indexTo: 13 }');
    expect(await takeIndexes(stream, 99)).toEqual([10, 11, 12]);
  });

  it.each(['-2', '0'])('refuses after: %s in an empty ledger', async (after) => {
    const stream = await open(await newLedger(), `, after: ${after}`);
    expect((await stream.next())?.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('gives nothing more once the token is revoked', async () => {
    const ledger = await newLedger();
    const secret = await appliance.token(['records:read', 'admin']);
    const stream = await subscribe(appliance.url, secret, appended(ledger, ''));
    const { data } = await appliance.graphql<{ tokens: { id: string }[] }>('{ tokens { id } }');
    await appliance.graphql('mutation ($id: ID!) { revokeToken(id: $id) { id } }', {
      id: data.tokens.at(-1)?.id,
    });
    await record(ledger, 1);
    expect(await stream.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await stream.next()).toBeNull();
  });

  it('holds little for a subscriber that does not read, and gives it everything in the end', {
    timeout: 60_000,
  }, async () => {
    const ledger = await newLedger();
    const records = 4000;
    // 40 MB: far more than sockets buffer.
    await record(ledger, records, { filler: 'x'.repeat(10_000) });
    const stream = await open(ledger, ', after: -1', 'index details');
    stream.response.pause();
    const before = process.memoryUsage();
    for (let rounds = 0; rounds < 100; rounds++) await appliance.request('/healthz');
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(
      20_000_000,
    );
    expect(stream.response.readableLength).toBeLessThan(1_000_000);
    expect(await takeIndexes(stream, records)).toEqual(range(0, records));
    stream.close();
  });

  it('listens no more once its client is gone', async () => {
    const ledger = await newLedger();
    const others = await listening();
    const stream = await open(ledger);
    expect(await listening()).toBe(others + 1);
    stream.close();
    while ((await listening()) > others) await record(ledger, 1);
  });
});

/** Subscriptions that are open, as the metrics say. */
async function listening(): Promise<number> {
  const { text } = await appliance.request('/metrics');
  return Number(/^indelible_open_streams\{kind="subscription"\} (\d+)$/m.exec(text)?.[1]);
}

describe('recordAppended over WebSockets', () => {
  const client = (connectionParams: Record<string, unknown>) =>
    createClient({
      url: `${appliance.url.replace('http', 'ws')}/graphql/ws`,
      webSocketImpl: WebSocket,
      connectionParams,
      retryAttempts: 0,
    });
  const admin = () => client({ authorization: `Bearer ${appliance.adminToken}` });

  it('gives the same as over server-sent events', async () => {
    const ledger = await newLedger();
    await record(ledger, 150);
    const connection = admin();
    const indexes: number[] = [];
    const results = connection.iterate<{ recordAppended: { index: number } }>({
      query: appended(ledger, ', after: -1'),
    });
    for await (const { data } of results) {
      indexes.push(data?.recordAppended.index ?? Number.NaN);
      if (indexes.length === 150) await record(ledger, 10);
      if (indexes.length === 160) break;
    }
    expect(indexes).toEqual(range(0, 160));
    await connection.dispose();
  });

  /** Sends one event whose details are given as text, in a text frame or in a binary one. */
  async function sendDetails(details: string | Buffer): Promise<string> {
    const query = `mutation ($d: JSON) { recordEvent(event: { action: "a", details: $d }, ack: RECORDED) {
      outcome errors { code } record { sections { name json } } } }`;
    const socket = new WebSocket(`${appliance.url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    await once(socket, 'open');
    const authorization = `Bearer ${appliance.adminToken}`;
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    await once(socket, 'message');
    const closed = once(socket, 'close').then(([code]) => `closed with ${String(code)}`);
    const payload = `{"query":${JSON.stringify(query)},"variables":{"d":`;
    const message = [`{"type":"subscribe","id":"1","payload":${payload}`, details, '}}}'] as const;
    socket.send(
      typeof details === 'string'
        ? message.join('')
        : Buffer.concat(message.map((part) => Buffer.from(part))),
    );
    const answer = await Promise.race([once(socket, 'message').then(([data]) => String(data)), closed]);
    socket.close();
    return answer;
  }

  it('keeps every digit of integers, in and out', async () => {
    expect(await sendDetails('{"n":-9214364837600034816}')).toContain('-9214364837600034816');
  });

  it('refuses a member that is given twice: one of the two values would be lost', async () => {
    const { payload } = JSON.parse(await sendDetails('{"n":1,"n":2}')) as { payload: unknown };
    expect(payload).toMatchObject({
      data: { recordEvent: { outcome: 'REJECTED', errors: [{ code: 'JSON_VALUE_REFUSED' }], record: null } },
    });
  });

  it('is closed with 4400 for a message that is text with a message in it', async () => {
    const socket = new WebSocket(`${appliance.url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify(JSON.stringify({ type: 'connection_init' })));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4400);
  });

  it.each([
    ['not JSON', '{"n":'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('is closed with 4400 for a message that is %s', async (_what, details) => {
    expect(await sendDetails(details)).toBe('closed with 4400');
  });

  it.each([[{}], [{ authorization: 'Bearer wrong' }], [{ authorization: 7 }]])(
    'is closed with 4401 where the token is %j',
    async (connectionParams) => {
      const connection = client(connectionParams);
      const results = connection.iterate({ query: '{ ledgers { id } }' });
      await expect(results.next()).rejects.toMatchObject({ code: 4401 });
    },
  );

  it('takes the token from the header of the upgrade as well', async () => {
    const headers = { authorization: `Bearer ${appliance.adminToken}` };
    const socket = new WebSocket(
      `${appliance.url.replace('http', 'ws')}/graphql/ws`,
      'graphql-transport-ws',
      { headers },
    );
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(String(message)).toContain('connection_ack');
    socket.close();
  });

  it.each([
    ['{ ledgers {', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { recordAppended(ledger: "none") { index } }', 'LEDGER_NOT_FOUND'],
    [`{ ${Array.from({ length: 21 }, (_, i) => `a${i}: __typename`).join(' ')} }`, 'QUERY_TOO_COMPLEX'],
  ])('answers %s with an error and stays open', async (query, code) => {
    const connection = admin();
    const failed = await connection
      .iterate({ query })
      .next()
      .then(
        ({ value }) => value?.errors as unknown,
        (error: unknown) => error,
      );
    expect(failed).toMatchObject([{ extensions: { code } }]);
    const { value } = await connection.iterate({ query: '{ __typename }' }).next();
    expect(value).toEqual({ data: { __typename: 'Query' } });
    await connection.dispose();
  });

  it(`takes ${SOCKET_OPERATIONS_MAX} operations at once and refuses one more`, async () => {
    const ledger = await newLedger();
    const connection = admin();
    const refusals: unknown[] = [];
    const refused = Promise.withResolvers<void>();
    for (let i = 0; i <= SOCKET_OPERATIONS_MAX; i++) {
      connection.subscribe(
        { query: appended(ledger, '') },
        {
          next: () => undefined,
          complete: () => undefined,
          error: (error) => {
            refusals.push(error);
            refused.resolve();
          },
        },
      );
    }
    await refused.promise;
    expect(refusals).toMatchObject([[{ extensions: { code: 'QUERY_TOO_COMPLEX' } }]]);
    await connection.dispose();
  });

  it(`takes messages of ${MESSAGE_BYTES_MAX} bytes and closes the socket on longer ones`, async () => {
    const sized = async (bytes: number): Promise<number> => {
      const socket = new WebSocket(
        `${appliance.url.replace('http', 'ws')}/graphql/ws`,
        'graphql-transport-ws',
      );
      await once(socket, 'open');
      const closed = once(socket, 'close');
      const message = '{"type":"ping"}';
      socket.send(message + ' '.repeat(bytes - message.length));
      const first = await Promise.race([
        once(socket, 'message').then(() => 0),
        closed.then(([code]) => code as number),
      ]);
      socket.close();
      return first;
    };
    expect(await sized(MESSAGE_BYTES_MAX)).toBe(0);
    expect(await sized(MESSAGE_BYTES_MAX + 1)).toBe(1009);
  });

  it('is not there on any other path', async () => {
    const socket = new WebSocket(`${appliance.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('404');
  });
});

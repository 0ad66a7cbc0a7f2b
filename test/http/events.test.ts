import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import { BODY_BYTES_MAX, LINES_MAX, SUBMISSIONS_MAX } from '#server/http/limits.ts';
import type { Acceptance, Submission } from '#server/ports/intake.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startServerWithIntake } from './server-with-intake.ts';

const NDJSON = 'application/x-ndjson';

interface ReceiptLine {
  readonly position: number;
  readonly eventId: string | null;
  readonly outcome: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly ledger: string | null;
  readonly record: { readonly ledger: { readonly id: string }; readonly index: number } | null;
  readonly error?: { readonly code: string };
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReceiptLine);

function open(url: string, token = 'any'): ClientRequest {
  return httpRequest(new URL('/v1/events', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': NDJSON },
  });
}

async function readAll(res: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of res) text += String(chunk);
  return text;
}

/** Intake that takes everything, told at each submission; what `onSubmission` throws is its failure. */
function openIntake(
  onSubmission: (submission: Submission, nth: number) => Promise<void> | void = () => undefined,
) {
  let submissions = 0;
  return {
    accept: async (submission: Submission): Promise<Acceptance> => {
      await onSubmission(submission, submissions++);
      return { admissions: submission.events.map(() => ({ outcome: 'ACCEPTED' as const })), settled: null };
    },
  };
}

describe('POST /v1/events', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
    await appliance.graphql('mutation { createLedger(id: "acme") { id } }');
  });
  afterAll(() => appliance.stop());

  const send = (body: BodyInit, type = 'application/json', search = '', token?: string | null) =>
    appliance.request(`/v1/events${search}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      ...(token === undefined ? {} : { token }),
    });

  it('answers one object with its receipt', async () => {
    const { status, text } = await send('{"id":"one","action":"a"}', 'application/json', '?ack=recorded');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      position: 0,
      eventId: 'one',
      outcome: 'ACCEPTED',
      errors: [],
      ledger: 'default',
      record: { ledger: { id: 'default' }, index: expect.any(Number) },
    });
  });

  it.each([
    ['{"action":""}', 400, 'VALUE_EMPTY'],
    ['{"id":"one","action":"other"}', 409, 'EVENT_ID_CONFLICT'],
    ['7', 400, 'EVENT_INVALID'],
    ['{"a":', 400, 'JSON_INVALID'],
  ])('answers the single event %s with %i and %s', async (body, status, code) => {
    const answer = await send(body);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(code)]);
  });

  it('answers an array with all receipts and their counts', async () => {
    const body = JSON.stringify([{ action: 'a' }, { action: '' }, { id: 'one', action: 'a' }]);
    const { status, text } = await send(body);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      receipts: [{ outcome: 'ACCEPTED' }, { outcome: 'REJECTED' }, { outcome: 'DUPLICATE' }],
      accepted: 1,
      duplicates: 1,
      rejected: 1,
    });
  });

  it('answers NDJSON with a receipt a line, in order, and a bad line with its own rejection', async () => {
    const lines = [
      '{"id":"l0","action":"a"}',
      '{"action":',
      '',
      '  ',
      '{"id":"l2","action":"b"}\r',
      'null',
      '{"id":"l4","action":"c"}',
    ];
    const { status, headers, text } = await send(lines.join('\n'), NDJSON);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
    const receipts = linesOf(text);
    expect(receipts.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4]);
    expect(receipts.map(({ eventId }) => eventId)).toEqual(['l0', null, 'l2', null, 'l4']);
    expect(receipts.map(({ errors }) => errors[0]?.code)).toEqual([
      undefined,
      'JSON_INVALID',
      undefined,
      'EVENT_INVALID',
      undefined,
    ]);
  });

  it('takes a line that is cut anywhere, in the middle of a character too', async () => {
    const bytes = Buffer.from('{"id":"ü1","action":"a"}\n{"id":"💩2","action":"ö"}');
    const req = open(appliance.url, appliance.adminToken);
    const answered = once(req, 'response');
    for (const byte of bytes) req.write(Buffer.of(byte));
    req.end();
    const [res] = (await answered) as [IncomingMessage];
    expect(linesOf(await readAll(res)).map(({ eventId, outcome }) => [eventId, outcome])).toEqual([
      ['ü1', 'ACCEPTED'],
      ['💩2', 'ACCEPTED'],
    ]);
  });

  it('rejects a line that is not UTF-8 and none beside it', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"action":"a"}\n{"action":"'),
      Buffer.of(0xff),
      Buffer.from('"}\n{"action":"b"}\n'),
    ]);
    const receipts = linesOf((await send(bytes, NDJSON)).text);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'REJECTED', 'ACCEPTED']);
    expect(receipts[1]?.errors[0]?.message).toContain('UTF-8');
  });

  it('takes a line at the limit and rejects one past it, and goes on', async () => {
    const line = (bytes: number) => `{"action":"a"}${' '.repeat(bytes - 14)}`;
    const { text } = await send(
      `${line(BODY_BYTES_MAX)}\n${line(BODY_BYTES_MAX + 1)}\n{"action":"b"}\n`,
      NDJSON,
    );
    const receipts = linesOf(text);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'REJECTED', 'ACCEPTED']);
    expect(receipts[1]?.errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('10,000,000') }),
    ]);
  });

  it('takes an empty stream', async () => {
    const { status, text } = await send('', NDJSON);
    expect([status, text]).toEqual([200, '']);
  });

  it('sends each event to the ledger it names', async () => {
    const foreign = '{"principalId":"p","organizationId":"acme","action":"a","status":"SUCCESS"}';
    const receipts = linesOf((await send(`${foreign}\n{"action":"a"}`, NDJSON)).text);
    expect(receipts.map(({ ledger }) => ledger)).toEqual(['acme', 'default']);
    const token = await appliance.token(['events:write'], ['default']);
    const refused = await send(foreign, 'application/json', '', token);
    const missing = await send(foreign.replace('acme', 'none'), 'application/json', '', token);
    const masked = ({ status, text }: { status: number; text: string }) => [
      status,
      text.replace(/"eventId":"[^"]+"/, ''),
    ];
    expect(masked(refused)).toEqual(masked(missing));
    expect(refused.text).toContain('LEDGER_NOT_FOUND');
  });

  it.each([
    ['text/plain', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['application/json; charset=latin1', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['multipart/form-data; boundary=x', 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('refuses the content type %s with %i', async (type, status, code) => {
    const answer = await send('{"action":"a"}', type);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(code)]);
  });

  it('refuses other methods, other acks, other tokens and other scopes', async () => {
    const got = await appliance.request('/v1/events');
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await send('{}', 'application/json', '?ack=perhaps')).text).toContain('BAD_USER_INPUT');
    const nobody = await send('{}', 'application/json', '', null);
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await send('{}', NDJSON, '', await appliance.token(['records:read']))).status).toBe(403);
  });
});

describe('an NDJSON stream', () => {
  it('answers what has arrived while the rest is still to come', async () => {
    const server = await startServerWithIntake(openIntake());
    onTestFinished(() => server.stop());
    const req = open(server.url);
    const answered = once(req, 'response');
    req.write('{"action":"a"}\n');
    const [res] = (await answered) as [IncomingMessage];
    const [first] = (await once(res, 'data')) as [Buffer];
    expect(linesOf(String(first))).toMatchObject([{ position: 0, outcome: 'ACCEPTED' }]);
    req.end('{"action":"b"}\n');
    expect(linesOf(await readAll(res))).toMatchObject([{ position: 1, outcome: 'ACCEPTED' }]);
  });

  it('reads ahead no more than its submissions while the intake is slow', async () => {
    let submitted = 0;
    const gate = Promise.withResolvers<void>();
    const server = await startServerWithIntake(
      openIntake(async ({ events }) => {
        submitted += events.length;
        await gate.promise;
      }),
    );
    onTestFinished(() => server.stop());
    const req = open(server.url);
    const block = '{"action":"a"}\n'.repeat(LINES_MAX);
    const answered = once(req, 'response');
    let blocks = 0;
    // 300 MB would not fit into any socket buffer: whoever does not stop reading takes it all.
    while (blocks < 20_000 && req.write(block)) blocks += 1;
    while (blocks < 20_000) {
      const drained = await Promise.race([once(req, 'drain').then(() => true), settled(server.url)]);
      if (!drained) break;
      while (blocks < 20_000 && req.write(block)) blocks += 1;
    }
    expect(submitted).toBeLessThanOrEqual(SUBMISSIONS_MAX * LINES_MAX);
    expect(blocks).toBeLessThan(2_000);
    gate.resolve();
    req.end();
    const [res] = (await answered) as [IncomingMessage];
    const last = linesOf(await readAll(res)).at(-1);
    expect(last?.position).toBe(submitted - 1);
  });

  it('is a 503 with Retry-After where the storage fails before anything was answered', async () => {
    const server = await startServerWithIntake(
      openIntake(() => Promise.reject(new AppError('STORAGE_UNAVAILABLE'))),
    );
    onTestFinished(() => server.stop());
    const response = await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': NDJSON },
      body: '{"action":"a"}\n',
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ error: { code: 'STORAGE_UNAVAILABLE', retryAfter: 5 } });
  });

  it('keeps what was answered and ends with the error where the storage fails later', async () => {
    const failAt = 1;
    const server = await startServerWithIntake(
      openIntake((_submission, nth) => {
        if (nth >= failAt) throw new AppError('QUEUE_FULL');
      }),
    );
    onTestFinished(() => server.stop());
    const req = open(server.url);
    // The connection is cut while we may still be sending.
    req.on('error', () => undefined);
    const answered = once(req, 'response');
    req.write('{"id":"kept","action":"a"}\n');
    const [res] = (await answered) as [IncomingMessage];
    await once(res, 'readable');
    req.write('{"action":"b"}\n');
    const lines = linesOf(await readAll(res));
    expect(lines).toMatchObject([
      { eventId: 'kept', outcome: 'ACCEPTED' },
      { error: { code: 'QUEUE_FULL', retryAfter: 5 } },
    ]);
  });

  it('answers what was kept behind a submission that failed, and rejects that one', async () => {
    const failed = Promise.withResolvers<void>();
    const server = await startServerWithIntake(
      openIntake(async (_submission, nth) => {
        if (nth === SUBMISSIONS_MAX - 1) failed.reject(new AppError('QUEUE_FULL'));
        if (nth === 1) await failed.promise;
      }),
    );
    onTestFinished(() => server.stop());
    const response = await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': NDJSON },
      body: '{"id":"x","action":"a"}\n'.repeat(LINES_MAX * SUBMISSIONS_MAX),
    });
    const answers = linesOf(await response.text());
    const receipts = answers.slice(0, -1);
    expect(receipts.map(({ position }) => position)).toEqual(receipts.map((_, line) => line));
    const rejected = receipts.filter(({ outcome }) => outcome === 'REJECTED');
    expect(rejected).toHaveLength(LINES_MAX);
    expect(rejected[0]).toMatchObject({ eventId: 'x', errors: [{ code: 'QUEUE_FULL' }] });
    expect(receipts.at(-1)?.outcome).toBe('ACCEPTED');
    expect(answers.at(-1)).toMatchObject({ error: { code: 'QUEUE_FULL' } });
  });

  it('passes over blank lines without reading them as JSON', async () => {
    const server = await startServerWithIntake(openIntake());
    onTestFinished(() => server.stop());
    const begun = performance.now();
    const response = await fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': NDJSON },
      body: `${'\n \r\n'.repeat(100_000)}{"id":"x","action":"a"}\n`,
    });
    expect(linesOf(await response.text())).toMatchObject([{ position: 0, eventId: 'x' }]);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('ends with APPLIANCE_STOPPING in bounded time when the server stops while nothing arrives', async () => {
    const server = await startServerWithIntake(openIntake());
    const req = open(server.url);
    req.on('error', () => undefined);
    const answered = once(req, 'response');
    req.write('{"action":"a"}\n');
    const [res] = (await answered) as [IncomingMessage];
    await once(res, 'readable');
    const begun = performance.now();
    const stopped = server.stop(5000);
    expect(linesOf(await readAll(res)).at(-1)).toMatchObject({ error: { code: 'APPLIANCE_STOPPING' } });
    req.destroy();
    await stopped;
    expect(performance.now() - begun).toBeLessThan(4000);
  });
});

/**
 * `false` once the server had the time to read on: it answers a request that was sent after everything else.
 */
async function settled(url: string): Promise<false> {
  for (let rounds = 0; rounds < 50; rounds++) await (await fetch(`${url}/healthz`)).text();
  return false;
}

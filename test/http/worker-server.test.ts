import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import { createWorkerServer, type WorkerServerDeps } from '#server/http/worker-server.ts';
import { createUuidv7Source } from '#server/id.ts';
import { createMetrics } from '#server/telemetry/metrics.ts';
import { startServerWithIntake } from './server-with-intake.ts';

const NO_INTAKE = {
  accept: async () => {
    throw new Error('Nobody sends anything here.');
  },
};

const depth = async () => ({ batches: 3, events: 7, oldestAt: null });
const counts = () => ({ recorded: 5, quarantined: 0, checkpoints: 0, lastCheckpointAt: null });

async function startWorkerServer(given: Partial<WorkerServerDeps> = {}): Promise<string> {
  const silent = (): void => undefined;
  const server = createWorkerServer({
    readiness: async () => ({ ready: true }),
    metrics: createMetrics({ queueName: 'test', depth, counts, index: () => null, clock: systemClock }),
    authorize: async ({ headers }) => {
      if (headers.authorization !== 'Bearer admin') throw new AppError('UNAUTHENTICATED');
    },
    isWaiting: false,
    newId: createUuidv7Source(),
    clock: systemClock,
    log: { debug: silent, info: silent, warn: silent, error: silent, fatal: silent },
    ...given,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.stop(1000));
  return `http://127.0.0.1:${port}`;
}

/** What a client sees of an answer, but for what no two servers share. */
async function ask(url: string, path: string, init: RequestInit = {}) {
  const response = await fetch(new URL(path, url), init);
  const headers = Object.fromEntries(response.headers);
  for (const name of ['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']) {
    delete headers[name];
  }
  return { status: response.status, headers, text: await response.text() };
}

const UNREADY = async () => ({ ready: false, reason: 'The disk is full.' });

describe('the server of a process without an API', () => {
  it.each([
    ['/healthz', {}],
    ['/healthz?x=1', {}],
    ['/healthz', { method: 'HEAD' }],
    ['/healthz', { method: 'DELETE' }],
    ['/readyz', {}],
    ['/metrics', { method: 'POST' }],
    ['/nothing', {}],
    ['/nothing', { method: 'PUT' }],
    ['/healthz/', {}],
  ])('answers %s %j as the API does', async (path, init) => {
    const api = await startServerWithIntake(NO_INTAKE);
    onTestFinished(() => api.stop());
    const worker = await startWorkerServer();
    expect(await ask(worker, path, init)).toEqual(await ask(api.url, path, init));
  });

  it('tells as the API does why it is not ready', async () => {
    const api = await startServerWithIntake(NO_INTAKE, { readiness: UNREADY });
    onTestFinished(() => api.stop());
    const worker = await startWorkerServer({ readiness: UNREADY });
    const answer = await ask(worker, '/readyz');
    expect(answer).toEqual(await ask(api.url, '/readyz'));
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
  });

  it('refuses metrics as the API does, and gives them to an administrator', async () => {
    const api = await startServerWithIntake(NO_INTAKE, { recognize: async () => null });
    onTestFinished(() => api.stop());
    const worker = await startWorkerServer();
    expect(await ask(worker, '/metrics')).toEqual(await ask(api.url, '/metrics'));
    const authorized = { headers: { authorization: 'Bearer admin' } };
    await ask(worker, '/metrics', authorized);
    const { status, headers, text } = await ask(worker, '/metrics', authorized);
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
    expect(text).toContain('indelible_queue_events{queue="test"} 7');
    expect(text).toContain('indelible_records_appended_total 5');
    expect(text).toContain(
      'indelible_request_duration_seconds_count{route="metrics",method="GET",status="200"} 1',
    );
  });

  it('has no API: everything else is a 404, GraphQL too', async () => {
    const worker = await startWorkerServer();
    for (const path of ['/', '/graphql', '/v1/events', '/%00']) {
      expect((await ask(worker, path, { method: 'POST', body: '{}' })).status).toBe(404);
    }
  });

  it('says of an unexpected failure an id and nothing else', async () => {
    const worker = await startWorkerServer({
      readiness: async () => {
        throw new Error('SELECT secret FROM token');
      },
    });
    const { status, text } = await ask(worker, '/readyz');
    expect([status, text]).toEqual([500, expect.stringMatching(/Internal error.*"id":"[0-9a-f-]{36}"/u)]);
    expect(text).not.toContain('secret');
  });
});

describe('the server of a process that waits for its database', () => {
  it('is live, not ready, and asks everyone else to come again', async () => {
    const worker = await startWorkerServer({ readiness: UNREADY, isWaiting: true, metrics: null });
    expect((await ask(worker, '/healthz')).status).toBe(200);
    expect((await ask(worker, '/readyz')).status).toBe(503);
    for (const path of ['/', '/graphql', '/v1/events', '/metrics']) {
      const method = path === '/metrics' ? 'GET' : 'POST';
      const { status, headers, text } = await ask(worker, path, { method });
      expect([path, status, headers['retry-after'], JSON.parse(text)]).toEqual([
        path,
        503,
        '5',
        { error: { code: 'STORAGE_UNAVAILABLE', message: 'The disk is full.', retryAfter: 5 } },
      ]);
    }
  });

  it('gives its port back when it stops', async () => {
    const silent = (): void => undefined;
    const make = () =>
      createWorkerServer({
        readiness: UNREADY,
        metrics: null,
        authorize: async () => undefined,
        isWaiting: true,
        newId: createUuidv7Source(),
        clock: systemClock,
        log: { debug: silent, info: silent, warn: silent, error: silent, fatal: silent },
      });
    const first = make();
    const { port } = await first.listen('127.0.0.1', 0);
    await ask(`http://127.0.0.1:${port}`, '/healthz');
    await first.stop(0);
    const second = make();
    expect(await second.listen('127.0.0.1', port)).toEqual({ port });
    await second.stop(0);
  });
});

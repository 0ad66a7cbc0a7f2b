import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ALL_SCOPES } from '#server/access/scopes.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { type ServerWithIntake, startServerWithIntake } from './server-with-intake.ts';

const NO_INTAKE = {
  accept: async () => {
    throw new Error('SELECT secret FROM token; at /srv/somebody/thing.ts:12');
  },
};

describe('routes', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  it.each(['/healthz', '/readyz'])('%s is public and tells how things are', async (path) => {
    const { status, text } = await appliance.request(path, { token: null });
    expect([status, JSON.parse(text)]).toEqual([200, { status: expect.any(String) }]);
  });

  it('/metrics needs the scope admin and no other one will do', async () => {
    expect((await appliance.request('/metrics', { token: null })).status).toBe(401);
    for (const scope of ALL_SCOPES) {
      const { status } = await appliance.request('/metrics', { token: await appliance.token([scope]) });
      expect([scope, status]).toEqual([scope, scope === 'admin' ? 200 : 403]);
    }
  });

  it('/metrics counts what happened, and names no tenant', async () => {
    const before = (await appliance.request('/metrics')).text;
    await appliance.graphql('mutation { createLedger(id: "hush-hush") { id } }');
    await appliance.graphql(
      'mutation { recordEvents(ledger: "hush-hush", events: [{ action: "a" }, { action: "" }], ack: ' +
        'CHECKPOINTED) { accepted } }',
    );
    const after = (await appliance.request('/metrics')).text;
    const value = (text: string, name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    const grown = (name: string) => value(after, name) - value(before, name);
    expect(grown('indelible_events_total{outcome="ACCEPTED"}')).toBe(1);
    expect(grown('indelible_events_total{outcome="REJECTED"}')).toBe(1);
    expect(grown('indelible_receipts_total{ack="CHECKPOINTED"}')).toBe(2);
    expect(grown('indelible_records_appended_total')).toBe(1);
    expect(value(after, 'indelible_queue_events{queue="audit-events"}')).toBe(0);
    expect(value(after, 'indelible_checkpoint_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(after).toMatch(
      /indelible_request_duration_seconds_count\{route="graphql",method="POST",status="200"\} \d/,
    );
    expect(after).toContain('process_cpu_seconds_total');
    expect(after).not.toContain('hush-hush');
  });

  it.each(['/healthz', '/readyz', '/metrics', '/v1/events', '/graphql'])(
    '%s refuses the method DELETE',
    async (path) => {
      const { status, headers } = await appliance.request(path, { method: 'DELETE' });
      expect([status, headers.get('allow')]).toEqual([405, expect.stringMatching(/GET|POST/)]);
    },
  );

  it.each([
    '/nothing',
    '/graphql/',
    '/graphql/ws',
    '/graphql/x',
    '/GRAPHQL',
    '/v1',
    '/v1/events/',
    '/healthz/x',
    '/%00',
  ])('%s is a 404 in JSON for everyone', async (path) => {
    for (const method of ['GET', 'POST']) {
      const { status, text } = await appliance.request(path, { method });
      expect([status, JSON.parse(text)]).toEqual([
        404,
        { error: { code: 'ROUTE_NOT_FOUND', message: expect.any(String) } },
      ]);
    }
  });

  it('says on every answer that types are not to be guessed and addresses not to be passed on', async () => {
    for (const path of ['/healthz', '/graphql', '/v1/events', '/metrics', '/nothing']) {
      const { headers } = await appliance.request(path);
      expect([headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual([
        'nosniff',
        'no-referrer',
      ]);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('answers HTTP that is no HTTP with a 400 and goes on', async () => {
    const { port } = new URL(appliance.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toContain('400 Bad Request');
    expect((await appliance.request('/healthz')).status).toBe(200);
  });
});

describe('the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-ui-'));
  let server: ServerWithIntake;
  const get = (path: string, headers = {}) => fetch(new URL(path, server.url), { headers });
  const getDesk = async () => {
    const response = await get('/desk.html');
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  beforeAll(async () => {
    writeFiles(folder, {
      'ui/index.html': '<!doctype html>',
      'ui/assets/app-1a2b3c4d.js': 'export {};',
      'ui/assets/app-1a2b3c4d.css': 'body {}',
      'ui/icon.svg': '<svg/>',
      'ui/desk.html': '<meta nonce="__CSP_NONCE__" /><b id="__CSP_NONCE__">é</b>',
      'secret.txt': 'secret\n',
    });
    server = await startServerWithIntake(NO_INTAKE, { uiDir: join(folder, 'ui') });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/assets/app-1a2b3c4d.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/app-1a2b3c4d.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/icon.svg', 'image/svg+xml', 'no-cache'],
  ])('%s is served as %s, under a strict policy', async (path, type, caching) => {
    const { status, headers } = await get(path);
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, type, caching]);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('lets its scripts make style sheets, not scripts, by a nonce that is new each time', async () => {
    const nonces = new Set<string>();
    for (let time = 0; time < 20; time++) {
      const { status, headers, text } = await getDesk();
      const nonce = /^<meta nonce="([A-Za-z0-9+/]{22}==)" \/><b id="\1">é<\/b>$/.exec(text)?.[1];
      expect([status, headers.get('cache-control'), headers.get('etag')]).toEqual([200, 'no-store', null]);
      const policy = headers.get('content-security-policy')?.split('; ');
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toContain("script-src 'self'");
      nonces.add(nonce ?? '');
    }
    expect(nonces.size).toBe(20);
    const again = await get('/desk.html', { 'if-none-match': '*' });
    expect(again.status).toBe(200);
  });

  it('has no nonce in its policy where it has none in its text', async () => {
    for (const path of ['/', '/icon.svg']) {
      expect((await get(path)).headers.get('content-security-policy')).not.toContain('nonce');
    }
  });

  it('is not sent again to whoever has it', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect((await get('/', { 'if-none-match': etag })).status).toBe(304);
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets//app-1a2b3c4d.js',
    '//etc/passwd',
    '/%00',
    '/%ff',
  ])('leads nowhere else: %s', async (path) => {
    const { port } = new URL(server.url);
    const answer = await new Promise<string>((resolve) => {
      // Written by hand: fetch would tidy the path up.
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toContain('secret\n');
  });
});

describe('an unexpected failure', () => {
  it('is told as an id only, under which the log has the cause', async () => {
    const server = await startServerWithIntake(NO_INTAKE);
    onTestFinished(() => server.stop());
    const post = async (path: string, body: unknown) => {
      const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
      return await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    };
    const graphql = await (
      await post('/graphql', { query: 'mutation { recordEvent(event: { action: "a" }) { outcome } }' })
    ).text();
    const rest = await post('/v1/events', { action: 'a' });
    expect(rest.status).toBe(500);
    for (const text of [graphql, await rest.text()]) {
      expect(text).toContain('Internal error');
      expect(text).not.toMatch(/SELECT|somebody|stack/);
      const id = /"id":"([0-9a-f-]{36})"/.exec(text)?.[1] ?? 'none';
      expect(server.logged).toContainEqual([
        expect.objectContaining({ id, err: expect.any(Error) }),
        expect.any(String),
      ]);
    }
  });
});

describe('a GraphQL error', () => {
  it('tells where in the answer and where in the input it arose', async () => {
    const appliance = await startAppliance();
    onTestFinished(() => appliance.stop());
    const { errors } = await appliance.graphql('{ ledgers { id } a: records(first: 501) { totalCount } }');
    expect(errors).toEqual([
      {
        message: 'first is 501; the limit is 500.',
        locations: [{ line: 1, column: 18 }],
        path: ['a'],
        extensions: { code: 'PAGE_TOO_LARGE', path: ['first'] },
      },
    ]);
  });
});

describe('readiness', () => {
  it('that is missing is a 503 with the reason', async () => {
    const readiness = async () => ({ ready: false, reason: 'The disk is full.' });
    const server = await startServerWithIntake(NO_INTAKE, { readiness });
    onTestFinished(() => server.stop());
    const response = await fetch(`${server.url}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'unavailable', reason: 'The disk is full.' },
    ]);
  });
});

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

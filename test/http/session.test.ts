import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { hashSecret } from '#server/access/secret.ts';
import { SESSION_IDLE_MS } from '#server/access/sessions.ts';
import { createApp } from '#server/app.ts';
import { systemClock } from '#server/clock.ts';
import { loadConfig } from '#server/config.ts';
import { SESSION_BODY_BYTES_MAX } from '#server/http/limits.ts';
import { type Answer, type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { PAGE_HEADERS, startSession } from '#test/support/session-cookie.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { subscribeWith } from './event-stream.ts';

type Headers = Readonly<Record<string, string>>;

const JSON_TYPE = { 'content-type': 'application/json' };
const FIRST_TOKEN = 'the-first-token-of-the-administrator';
const SECOND_TOKEN = 'the-second-token-of-the-administrator';
const VIEWER = '{ viewer { tokenId name scopes ledgers sessionExpiresAt } }';

let appliance: Appliance;
beforeAll(async () => {
  appliance = await startAppliance();
});
afterAll(() => appliance.stop());

const request = (path: string, init: RequestInit): Promise<Answer> =>
  appliance.request(path, { token: null, ...init });
const signIn = (body: string, headers: Headers = { ...PAGE_HEADERS, ...JSON_TYPE }): Promise<Answer> =>
  request('/session', { method: 'POST', headers, body });
const signOut = (headers: Headers): Promise<Answer> => request('/session', { method: 'DELETE', headers });
const ask = (headers: Headers, query = VIEWER): Promise<Answer> =>
  request('/graphql', {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ query }),
  });
const codeOf = ({ text }: Answer): string | undefined =>
  (JSON.parse(text) as { error: { code: string } }).error.code;

describe('signing in', () => {
  it('gives a cookie that no script can read and no other site can use, and nothing else', async () => {
    const { status, headers, text } = await signIn(JSON.stringify({ token: appliance.adminToken }));
    expect([status, text]).toEqual([204, '']);
    expect(headers.get('set-cookie')).toMatch(
      /^indelible_session=indelible_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('lets the page ask as the token, and says until when', async () => {
    const before = systemClock();
    const cookie = await startSession(appliance.url, await appliance.token(['records:read'], ['default']));
    const { text } = await ask({ ...PAGE_HEADERS, cookie });
    const { viewer } = (JSON.parse(text) as { data: { viewer: { sessionExpiresAt: string } } }).data;
    expect(viewer).toMatchObject({ name: 'test', scopes: ['records:read'], ledgers: ['default'] });
    expect(Date.parse(viewer.sessionExpiresAt)).toBeGreaterThanOrEqual(before + SESSION_IDLE_MS);
    const { data } = await appliance.graphql(VIEWER);
    expect(data).toMatchObject({ viewer: { tokenId: 'bootstrap-administrator', sessionExpiresAt: null } });
  });

  it.each([
    ['a wrong token', '{"token":"wrong"}', 401, 'UNAUTHENTICATED'],
    ['an empty token', '{"token":""}', 401, 'UNAUTHENTICATED'],
    ['no token', '{}', 400, 'BODY_INVALID'],
    ['a token that is no text', '{"token":1}', 400, 'BODY_INVALID'],
    ['a token that is given twice', '{"token":"a","token":"a"}', 400, 'BODY_INVALID'],
    ['another member', '{"token":"a","user":"b"}', 400, 'BODY_INVALID'],
    ['a list', '["token"]', 400, 'BODY_INVALID'],
    ['nothing', '', 400, 'JSON_INVALID'],
    ['no JSON', 'token=a', 400, 'JSON_INVALID'],
  ])('with %s is refused', async (_what, body, status, code) => {
    const answer = await signIn(body);
    expect([answer.status, codeOf(answer), answer.headers.get('set-cookie')]).toEqual([status, code, null]);
  });

  it('takes a body up to the limit and not a byte more', async () => {
    const body = (bytes: number): string => `{"token":"${'x'.repeat(bytes - '{"token":""}'.length)}"}`;
    expect((await signIn(body(SESSION_BODY_BYTES_MAX))).status).toBe(401);
    const over = await signIn(body(SESSION_BODY_BYTES_MAX + 1));
    expect([over.status, codeOf(over)]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it.each([
    ['not as a call of a page', JSON_TYPE],
    ['from another origin', { ...PAGE_HEADERS, ...JSON_TYPE, origin: 'https://evil.example' }],
    ['from another port', { ...PAGE_HEADERS, ...JSON_TYPE, origin: 'http://127.0.0.1:1' }],
    ['from another site', { ...PAGE_HEADERS, ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }],
    ['from the same site', { ...PAGE_HEADERS, ...JSON_TYPE, 'sec-fetch-site': 'same-site' }],
  ])('%s is refused, and so is signing out', async (_what, headers) => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const answers = [
      await signIn(JSON.stringify({ token: appliance.adminToken }), headers),
      await signOut({ ...headers, cookie }),
    ];
    for (const answer of answers) {
      expect([answer.status, codeOf(answer), answer.headers.get('set-cookie')]).toEqual([
        403,
        'FORBIDDEN',
        null,
      ]);
    }
    expect((await ask({ ...PAGE_HEADERS, cookie })).status).toBe(200);
  });

  it('takes JSON only, which no form can send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await signIn('{"token":"x"}', { ...PAGE_HEADERS, 'content-type': type });
      expect([type, answer.status]).toEqual([type, 415]);
    }
  });

  it('again ends the session that the browser had', async () => {
    const first = await startSession(appliance.url, appliance.adminToken);
    const headers = { ...PAGE_HEADERS, ...JSON_TYPE, cookie: first };
    expect((await signIn('{"token":"wrong"}', headers)).status).toBe(401);
    expect((await ask({ ...PAGE_HEADERS, cookie: first })).status).toBe(200);
    expect((await signIn(JSON.stringify({ token: appliance.adminToken }), headers)).status).toBe(204);
    expect((await ask({ ...PAGE_HEADERS, cookie: first })).status).toBe(401);
  });

  it('is recorded in the ledger system, as is signing out, without a secret', async () => {
    const token = await appliance.token(['records:read']);
    const cookie = await startSession(appliance.url, token);
    await signOut({ ...PAGE_HEADERS, cookie });
    const query = `{ records(ledger: "system", first: 2) { nodes {
      action status actor { id name } target { id type } sections { json } } } }`;
    const nodes = async () =>
      (await appliance.graphql<{ records: { nodes: readonly { action: string }[] } }>(query)).data.records
        .nodes;
    await expect
      .poll(async () => (await nodes()).map(({ action }) => action), { timeout: 20_000 })
      .toEqual(['session.end', 'session.start']);
    const [end, start] = await nodes();
    const common = { status: 'SUCCESS', actor: { name: 'test' }, target: { type: 'session' } };
    expect([start, end]).toMatchObject([common, common]);
    expect(JSON.stringify([start, end])).not.toContain(token);
    expect(JSON.stringify([start, end])).not.toContain(cookie.split('=')[1]);
  });

  it('only takes POST and DELETE', async () => {
    for (const method of ['GET', 'PUT', 'PATCH']) {
      const { status, headers } = await request('/session', { method, headers: PAGE_HEADERS });
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'POST, DELETE']);
    }
  });
});

describe('signing out', () => {
  it('ends the session on the appliance and takes the cookie from the browser', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const answer = await signOut({ ...PAGE_HEADERS, cookie });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
      204,
      'indelible_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0',
    ]);
    expect((await ask({ ...PAGE_HEADERS, cookie })).status).toBe(401);
  });

  it('is harmless without a session', async () => {
    for (const cookie of ['', 'indelible_session=unknown', 'indelible_session=']) {
      expect((await signOut({ ...PAGE_HEADERS, cookie })).status).toBe(204);
    }
  });
});

/** Whoever reaches an appliance by a session, and is to be kept out where the session does not count. */
const ROUTES: Readonly<Record<string, (headers: Headers) => Promise<Answer>>> = {
  'POST /graphql': (headers) => ask(headers),
  'GET /graphql': (headers) => request(`/graphql?query=${encodeURIComponent(VIEWER)}`, { headers }),
  'GET /metrics': (headers) => request('/metrics', { headers }),
  'GET /ledgers/default/checkpoint': (headers) => request('/ledgers/default/checkpoint', { headers }),
  'HEAD /ledgers/default/checkpoint': (headers) =>
    request('/ledgers/default/checkpoint', { headers, method: 'HEAD' }),
  'GET /exports/x': (headers) => request('/exports/x', { headers }),
  'HEAD /exports/x': (headers) => request('/exports/x', { headers, method: 'HEAD' }),
};

describe.each(Object.entries(ROUTES))('%s', (name, send) => {
  const isCall = name.includes('graphql');

  it('takes the session of the page', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const { status } = await send({ ...PAGE_HEADERS, cookie, 'sec-fetch-site': 'same-origin' });
    expect(status).toBe(name.includes('exports') ? 404 : 200);
  });

  it(
    isCall ? 'refuses it where only a link was followed' : 'takes it where a link was followed',
    async () => {
      const cookie = await startSession(appliance.url, appliance.adminToken);
      for (const headers of [{ cookie }, { cookie, 'sec-fetch-site': 'none' }]) {
        const { status } = await send(headers);
        if (isCall) expect(status).toBe(401);
        else expect(status).not.toBe(401);
      }
    },
  );

  it('refuses it where another site asks', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      expect((await send({ ...PAGE_HEADERS, cookie, ...headers })).status).toBe(401);
    }
  });

  it('refuses who comes with nothing, or with a session that is over', async () => {
    const [signedOut, expired, revoked] = [
      await startSession(appliance.url, appliance.adminToken),
      await startSession(appliance.url, appliance.adminToken),
      await startSession(appliance.url, await revokedLater()),
    ];
    await signOut({ ...PAGE_HEADERS, cookie: signedOut });
    expire(expired);
    await revokeNewest();
    for (const cookie of ['', 'indelible_session=unknown', signedOut, expired, revoked]) {
      expect((await send({ ...PAGE_HEADERS, cookie })).status).toBe(401);
    }
  });

  it('lets the token decide alone where there are both', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    expect((await send({ ...PAGE_HEADERS, cookie, authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

const revokedLater = (): Promise<string> =>
  appliance.token(['admin', 'records:read', 'exports:create', 'ledgers:verify']);

async function revokeNewest(): Promise<void> {
  const { data } = await appliance.graphql<{ tokens: readonly { id: string }[] }>('{ tokens { id } }');
  const id = data.tokens.at(-1)?.id;
  await appliance.graphql('mutation ($id: ID!) { revokeToken(id: $id) { id } }', { id });
}

/** Puts the end of a session into the past. */
function expire(cookie: string): void {
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  const hash = hashSecret(cookie.slice('indelible_session='.length));
  const expired = database
    .prepare('UPDATE browser_session SET expires_at = 1 WHERE secret_hash = ?')
    .run(hash);
  database.close();
  expect(expired.changes).toBe(1);
}

describe('POST /v1/events', () => {
  it('never takes a session: a page has no business there', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const headers = { ...PAGE_HEADERS, ...JSON_TYPE, cookie, 'sec-fetch-site': 'same-origin' };
    const answer = await request('/v1/events', { method: 'POST', headers, body: '{"action":"a"}' });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('a stream', () => {
  const APPENDED = 'subscription { recordAppended(ledger: "default") { index } }';
  const record = () =>
    appliance.graphql('mutation { recordEvent(event: { action: "a" }, ack: RECORDED) { outcome } }');

  it('goes to the page and ends when it signs out', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const stream = await subscribeWith(appliance.url, { ...PAGE_HEADERS, cookie }, APPENDED);
    await record();
    expect(await stream.next()).toMatchObject({ data: { recordAppended: { index: expect.any(Number) } } });
    await signOut({ ...PAGE_HEADERS, cookie });
    await record();
    expect(await stream.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await stream.next()).toBeNull();
  });

  it('does not go to another site', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const headers = { ...PAGE_HEADERS, cookie, origin: 'https://evil.example' };
    const { response } = await subscribeWith(appliance.url, headers, APPENDED);
    expect(response.statusCode).toBe(401);
    response.destroy();
  });

  /** Opens a WebSocket as a browser does, and gives the first message or the code that it is closed with. */
  async function greet(headers: Headers, payload: Headers = {}): Promise<string> {
    const url = `${appliance.url.replace('http', 'ws')}/graphql/ws`;
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })));
    const answer = await new Promise<string>((resolve) => {
      socket.on('message', (data: Buffer) => resolve(String(data)));
      socket.on('close', (code) => resolve(String(code)));
    });
    socket.terminate();
    return answer;
  }

  it('over a WebSocket needs the page’s own origin beside the cookie', async () => {
    const cookie = await startSession(appliance.url, appliance.adminToken);
    const origin = new URL(appliance.url).origin;
    expect(await greet({ cookie, origin })).toContain('connection_ack');
    expect(await greet({ cookie })).toBe('4401');
    expect(await greet({ cookie, origin: 'https://evil.example' })).toBe('4401');
    expect(await greet({ cookie: 'indelible_session=unknown', origin })).toBe('4401');
    expect(await greet({ cookie, origin }, { authorization: 'Bearer wrong' })).toBe('4401');
    const authorization = `Bearer ${appliance.adminToken}`;
    expect(await greet({ origin: 'https://evil.example' }, { authorization })).toContain('connection_ack');
  });
});

describe('behind a proxy that ends TLS', () => {
  it('the cookie goes over HTTPS only, under a name that no other host can set', async () => {
    const behind = await startAppliance({ env: { INDELIBLE_BEHIND_PROXY: 'true' } });
    onTestFinished(() => behind.stop());
    const answer = await behind.request('/session', {
      method: 'POST',
      token: null,
      headers: { ...PAGE_HEADERS, ...JSON_TYPE },
      body: JSON.stringify({ token: behind.adminToken }),
    });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-indelible_session=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });
});

describe('whoever started the appliance', () => {
  it('gets a session of the administrator without the token', async () => {
    const env = { INDELIBLE_DATA_DIR: temporaryFolder(), PORT: '0', LOG_LEVEL: 'silent' };
    const app = createApp(loadConfig({ env }));
    const started = await app.start();
    onTestFinished(() => app.stop());
    const { name, value, expiresAt } = await started.createSession();
    expect(expiresAt).toBeGreaterThan(systemClock());
    const answer = await fetch(`${started.url}/graphql`, {
      method: 'POST',
      headers: { ...PAGE_HEADERS, ...JSON_TYPE, cookie: `${name}=${value}` },
      body: JSON.stringify({ query: VIEWER }),
    });
    expect(await answer.json()).toMatchObject({ data: { viewer: { tokenId: 'bootstrap-administrator' } } });
  });
});

describe('a session', () => {
  it('outlives a restart, and ends where the administrator gets another token', async () => {
    const dataDir = temporaryFolder();
    const start = async (token: string): Promise<Appliance> => {
      const started = await startAppliance({ dataDir, env: { INDELIBLE_ADMIN_TOKEN: token } });
      onTestFinished(() => started.stop());
      return started;
    };
    const first = await start(FIRST_TOKEN);
    const cookie = await startSession(first.url, FIRST_TOKEN);
    await first.stop();
    const second = await start(FIRST_TOKEN);
    expect(await viewerStatus(second, cookie)).toBe(200);
    await second.stop();
    const third = await start(SECOND_TOKEN);
    expect(await viewerStatus(third, cookie)).toBe(401);
  });
});

/** The status of what the page asks first. */
async function viewerStatus({ request: send }: Appliance, cookie: string): Promise<number> {
  const { status } = await send('/graphql', {
    method: 'POST',
    token: null,
    headers: { ...PAGE_HEADERS, ...JSON_TYPE, cookie },
    body: JSON.stringify({ query: VIEWER }),
  });
  return status;
}

describe('two appliances on one Postgres', () => {
  it('share their sessions: who signs out of one is out of both at once', async () => {
    const { url } = await createDatabase();
    const env = { DATABASE_URL: url };
    const one = await startAppliance({ env });
    onTestFinished(() => one.stop());
    const other = await startAppliance({ env: { ...env, INDELIBLE_ROLE: 'api' } });
    onTestFinished(() => other.stop());
    const cookie = await startSession(one.url, one.adminToken);
    expect([await viewerStatus(one, cookie), await viewerStatus(other, cookie)]).toEqual([200, 200]);
    await other.request('/session', {
      method: 'DELETE',
      token: null,
      headers: { ...PAGE_HEADERS, cookie },
    });
    expect([await viewerStatus(one, cookie), await viewerStatus(other, cookie)]).toEqual([401, 401]);
  });
});

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '#schema/index.ts';
import { ALL_SCOPES } from '#server/access/scopes.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { PAGE_HEADERS, startSession } from '#test/support/session-cookie.ts';
import { OPERATIONS, type OperationCase, type Subjects } from './operations.ts';

interface Body {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

let appliance: Appliance;
let bound: string;
const THEIRS: Record<string, string> = {};

const PLANTED_JOB = '019a0000-0000-7000-8000-000000000001';
const PLANTED_EXPORT = '019a0000-0000-7000-8000-000000000003';
const PLANTED_VIEW = '019a0000-0000-7000-8000-000000000005';
const globalId = (ledger: string) => Buffer.from(`Record:${ledger}:0`).toString('base64');
const theirs = (): Subjects => ({
  ledger: 'theirs',
  tokenId: THEIRS['tokenId'] ?? '',
  quarantinedId: THEIRS['quarantinedId'] ?? '',
  nodeId: globalId('theirs'),
  verificationId: PLANTED_JOB,
  exportId: PLANTED_EXPORT,
  viewId: PLANTED_VIEW,
});
const missing: Subjects = {
  ledger: 'missing',
  tokenId: 'missing',
  quarantinedId: '4711',
  nodeId: globalId('missing'),
  verificationId: '019a0000-0000-7000-8000-000000000002',
  exportId: '019a0000-0000-7000-8000-000000000004',
  viewId: '019a0000-0000-7000-8000-000000000006',
};

/** Nothing can be made or found under these. */
const impossible: Subjects = { ...missing, ledger: 'not an id' };

/** Runs an operation, as server-sent events where it is a subscription, and gives the first result. */
async function run(
  operation: string,
  token: string | null,
  headers: Readonly<Record<string, string>> = {},
): Promise<Body & { status: number }> {
  const isStream = operation.startsWith('subscription');
  const type = { 'content-type': 'application/json' };
  const { status, text } = await appliance.request('/graphql', {
    method: 'POST',
    token,
    headers: { ...type, ...headers, ...(isStream ? { accept: 'text/event-stream' } : {}) },
    body: JSON.stringify({ query: operation }),
  });
  const json = text.startsWith('{') ? text : (/^data: (.+)$/m.exec(text)?.[1] ?? '{}');
  return { status, ...(JSON.parse(json) as Body) };
}

const codesOf = (body: Body) => (body.errors ?? []).map(({ extensions }) => extensions.code);

beforeAll(async () => {
  appliance = await startAppliance();
  for (const id of ['mine', 'theirs']) {
    await appliance.graphql('mutation ($id: ID!) { createLedger(id: $id) { id } }', { id });
    const event =
      'mutation ($id: ID!) { recordEvent(ledger: $id, event: { action: "a" }, ack: RECORDED) { outcome } }';
    await appliance.graphql(event, { id });
  }
  bound = await appliance.token(ALL_SCOPES, ['mine']);
  await appliance.token(['records:read'], ['theirs']);
  const { data } = await appliance.graphql<{ tokens: { id: string; ledgers: string[] }[] }>(
    '{ tokens { id ledgers } }',
  );
  THEIRS['tokenId'] = data.tokens.find(({ ledgers }) => ledgers.includes('theirs'))?.id ?? '';
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
       SELECT no, 'q', 'INTERNAL', 'planted', '', 'OPEN', 0 FROM ledger WHERE id = 'theirs'`,
    )
    .run();
  const plantJob = database.prepare(
    `INSERT INTO job (id, kind, ledger_no, state, params, created_at)
     SELECT ?, ?, no, 'DONE', '{}', 0 FROM ledger WHERE id = 'theirs'`,
  );
  plantJob.run(PLANTED_JOB, 'VERIFICATION');
  plantJob.run(PLANTED_EXPORT, 'EXPORT');
  database
    .prepare(
      `INSERT INTO saved_view (id, ledger_no, name, parameters, created_at, created_by)
       SELECT ?, no, 'theirs', '', 0, 'someone' FROM ledger WHERE id = 'theirs'`,
    )
    .run(PLANTED_VIEW);
  database.close();
  THEIRS['quarantinedId'] = String(lastInsertRowid);
});
afterAll(() => appliance.stop());

describe('access', () => {
  it('has a case for every operation of the schema, and none for another', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((type) =>
      Object.keys(type?.getFields() ?? {}).map((name) => `${type?.name}.${name}`),
    );
    expect(Object.keys(OPERATIONS).sort()).toEqual(fields.sort());
  });

  describe.each(Object.entries(OPERATIONS))(
    'to %s',
    (_name, { operation, scopes, foreign }: OperationCase) => {
      it.each(ALL_SCOPES)('with the scope %s alone is as stated', async (scope) => {
        const codes = codesOf(await run(operation(impossible), await appliance.token([scope])));
        if (scopes.includes(scope)) expect(codes).not.toContain('FORBIDDEN');
        else expect(codes).toEqual(['FORBIDDEN']);
      });

      it.each([null, 'not-a-token', ''])('with the token %j is refused', async (token) => {
        const body = await run(operation(missing), token);
        expect(body.status).toBe(401);
        expect(codesOf(body)).toEqual(['UNAUTHENTICATED']);
      });

      it('with a session is what it is with its token', async () => {
        const asPage = { ...PAGE_HEADERS, cookie: await startSession(appliance.url, bound) };
        const answer = await run(operation(theirs()), null, asPage);
        expect(answer).toEqual(await run(operation(theirs()), bound));
        const reader = await appliance.token(['alerts:read']);
        const narrow = { ...PAGE_HEADERS, cookie: await startSession(appliance.url, reader) };
        expect(codesOf(await run(operation(impossible), null, narrow))).toEqual(
          codesOf(await run(operation(impossible), reader)),
        );
      });

      it('with a session that another site uses, or none uses as the page does, is refused', async () => {
        const cookie = await startSession(appliance.url, bound);
        for (const headers of [
          { cookie },
          { ...PAGE_HEADERS, cookie, origin: 'https://evil.example' },
          { ...PAGE_HEADERS, cookie, 'sec-fetch-site': 'cross-site' },
        ]) {
          const body = await run(operation(missing), null, headers);
          expect([body.status, codesOf(body)]).toEqual([401, ['UNAUTHENTICATED']]);
        }
      });

      it('to a foreign ledger answers exactly as to one that does not exist', async () => {
        const answers = [await run(operation(theirs()), bound), await run(operation(missing), bound)];
        expect(JSON.stringify(answers[0])).toBe(JSON.stringify(answers[1]));
        if ('code' in foreign) expect(codesOf(answers[0] ?? {})).toEqual([foreign.code]);
        else expect(answers[0]?.data).toEqual(foreign.data);
      });
    },
  );

  it("to salts needs the scope records:reveal; to a section's content records:read is enough", async () => {
    const query = '{ record(ledger: "mine", index: 0) { sections { name commitment json salt } } }';
    const readOnly = await run(query, await appliance.token(['records:read']));
    expect(new Set(codesOf(readOnly))).toEqual(new Set(['FORBIDDEN']));
    const revealed = await run(query, await appliance.token(['records:read', 'records:reveal']));
    expect(codesOf(revealed)).toEqual([]);
    const content = await run(query.replace(' salt', ''), await appliance.token(['records:read']));
    expect(codesOf(content)).toEqual([]);
  });

  it("to a receipt's record needs the scope records:read", async () => {
    const mutation =
      'mutation { recordEvent(ledger: "mine", event: { action: "a" }) { outcome record { index } } }';
    const body = await run(mutation, await appliance.token(['events:write']));
    expect(codesOf(body)).toEqual(['FORBIDDEN']);
    expect(body.data).toMatchObject({ recordEvent: { outcome: 'ACCEPTED', record: null } });
  });

  it('to intake and views needs the scope records:read, to counts of the quarantine admin', async () => {
    for (const [field, scope] of [
      ['intake { accepted }', 'records:read'],
      ['views { id }', 'records:read'],
      ['quarantine { open }', 'admin'],
    ] as const) {
      for (const one of ALL_SCOPES.filter((each) => each !== 'records:reveal')) {
        const body = await run(`{ ledger(id: "mine") { ${field} } }`, await appliance.token([one]));
        expect([field, one, codesOf(body)]).toEqual([field, one, one === scope ? [] : ['FORBIDDEN']]);
      }
    }
  });

  it("to a quarantined event's content needs the scope records:read besides admin", async () => {
    const query =
      '{ quarantinedEvents(ledger: "theirs") { edges { node { code line sections { json } } } } }';
    expect(codesOf(await run(query, await appliance.token(['admin'])))).toEqual(['FORBIDDEN']);
    expect(codesOf(await run(query, await appliance.token(['admin', 'records:read'])))).toEqual([]);
  });

  it('ends with the revocation of the token, from the next request on', async () => {
    const secret = await appliance.token(['records:read', 'admin']);
    const { data } = await appliance.graphql<{ tokens: { id: string }[] }>('{ tokens { id } }', {}, secret);
    const id = data.tokens.at(-1)?.id;
    await appliance.graphql('mutation ($id: ID!) { revokeToken(id: $id) { revokedAt } }', { id }, secret);
    expect((await appliance.graphql('{ tokens { id } }', {}, secret)).status).toBe(401);
  });

  it('leaves the ledger out only where that is plain: the one of the token, else default', async () => {
    const own = await run('{ record(index: 0) { ledger { id } } }', bound);
    expect(own.data).toEqual({ record: { ledger: { id: 'mine' } } });
    const two = await appliance.token(['records:read'], ['mine', 'theirs']);
    expect(codesOf(await run('{ record(index: 0) { index } }', two))).toEqual(['LEDGER_NOT_FOUND']);
  });

  it('to where the files of the appliance lie needs the scope admin; the rest anyone may know', async () => {
    const query = '{ appliance { version storage dataDir readOnly } }';
    const admin = await run(query, await appliance.token(['admin'], ['mine']));
    const version = expect.stringMatching(/^\d+\.\d+\.\d+/);
    const known = { version, storage: 'SQLITE', readOnly: null };
    expect(admin.data).toEqual({ appliance: { ...known, dataDir: appliance.dataDir } });
    const other = await run(query, await appliance.token(['alerts:read'], ['mine']));
    expect(other.data).toEqual({ appliance: { ...known, dataDir: null } });
  });
});

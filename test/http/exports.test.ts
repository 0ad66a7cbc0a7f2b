import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { expect, onTestFinished, test } from 'vitest';
import type { Caller } from '#server/access/caller.ts';
import type { Scope } from '#server/access/scopes.ts';
import { systemClock } from '#server/clock.ts';
import { createExportFiles } from '#server/exports/export-files.ts';
import { exportName } from '#server/exports/export-name.ts';
import { type ExportResult, exportParamsJson } from '#server/exports/export-params.ts';
import { findExport } from '#server/exports/find-export.ts';
import { createPublish } from '#server/http/errors.ts';
import { createExports } from '#server/http/exports.ts';
import { listen } from '#server/http/listen.ts';
import { createUuidv7Source } from '#server/id.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import type { ArchivedErasure } from '#server/ports/ledger-archive.ts';
import type { Operation } from '#server/ports/system-log.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { createLedger, SILENT } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const ID = '0193b1f0-0000-7000-8000-000000000001';
const CONTENT = Buffer.from('0123456789'.repeat(60_000));
const SHA256 = createHash('sha256').update(CONTENT).digest();
const FILE = exportName('acme', ID, 'EVIDENCE');
const RESULT: ExportResult = {
  count: 3,
  sha256: SHA256.toString('hex'),
  bytes: CONTENT.length,
  file: FILE,
  erasures: 1,
};

const ERASURE: ArchivedErasure = { id: 'erasure', index: 1, sections: ['actor'] };

const CALLERS: Readonly<Record<string, Caller>> = {
  good: callerWith(['exports:create'], new Set(['acme'])),
  all: callerWith(['exports:create'], '*'),
  foreign: callerWith(['exports:create'], new Set(['other'])),
  reader: callerWith(['records:read', 'records:reveal', 'admin', 'ledgers:verify'], '*'),
};

function callerWith(scopes: readonly Scope[], ledgers: Caller['ledgers']): Caller {
  return { tokenId: `token-${scopes.length}`, name: 'Auditor', scopes: new Set(scopes), ledgers };
}

type Ask = (headers?: Readonly<Record<string, string>>, method?: string, id?: string) => Promise<Response>;

/** The route over a real folder and a real job; asked as `good` unless a header says otherwise. */
async function openRoute(recordOperation?: () => Promise<void>, erasures = [ERASURE]) {
  const { db, ...storage } = await openSqliteStorage();
  await createLedger(storage, 'acme');
  const jobs = createSqliteJobStore(db);
  const params = exportParamsJson({
    ledger: 'acme',
    format: 'EVIDENCE',
    condition: EVERYTHING,
    query: { filter: null, search: null },
    size: 3,
    withhold: [],
    createdBy: 'tests',
  });
  await jobs.create({ id: ID, kind: 'EXPORT', ledgerNo: 1, params, requestedBy: null, createdAt: 1 });
  const folder = temporaryFolder();
  writeFileSync(join(folder, FILE), CONTENT);
  const recorded: Operation[] = [];
  let now = 0;
  const answer = createExports(
    {
      recognizeLink: async (header) =>
        CALLERS[(header('authorization') ?? '').replace('Bearer ', '')] ?? null,
      findExport: (id) => findExport(jobs, id, { erasures: async () => erasures }),
      files: createExportFiles(folder),
      recordOperation: recordOperation ?? (async (operation) => void recorded.push(operation)),
      publish: createPublish({ log: SILENT, newId: createUuidv7Source(), clock: systemClock }),
    },
    () => now,
  );
  const finish = async (result: ExportResult = RESULT): Promise<void> => {
    await jobs.claim(['EXPORT'], 'me', 2, 1_000);
    const end = {
      state: 'DONE',
      progress: null,
      result: JSON.stringify(result),
      error: null,
      at: 3,
    } as const;
    expect(await jobs.finish(ID, 'me', end)).toBe(true);
  };
  const ask: Ask = async (headers = {}, method = 'GET', id = ID) => {
    const sent = { authorization: 'Bearer good', ...headers };
    const response = await answer(new Request(`http://x/exports/${id}`, { method, headers: sent }));
    if (response === null) throw new Error('The path is not the route’s.');
    return response;
  };
  const passTime = (ms: number): void => void (now += ms);
  return { answer, ask, finish, folder, recorded, passTime };
}

async function openFinished() {
  const route = await openRoute();
  await route.finish();
  return route;
}

async function codeOf(response: Promise<Response>): Promise<unknown> {
  const error: unknown = await response.catch((reason: unknown) => reason);
  return (error as { code?: unknown }).code;
}

test('a finished export is given whole, with what a client needs to check and to keep it', async () => {
  const { ask, recorded } = await openFinished();
  const response = await ask();
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toEqual({
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-disposition': `attachment; filename="${FILE}"`,
    'content-length': String(CONTENT.length),
    'content-security-policy': "sandbox; default-src 'none'",
    'content-type': 'application/zip',
    etag: `"${RESULT.sha256}"`,
    'repr-digest': `sha-256=:${SHA256.toString('base64')}:`,
    'cross-origin-resource-policy': 'same-origin',
    vary: 'Authorization, Cookie',
    'x-content-type-options': 'nosniff',
  });
  expect(CONTENT.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
  expect(recorded).toEqual([
    {
      action: 'export.fetch',
      status: 'SUCCESS',
      caller: { tokenId: 'token-1', name: 'Auditor' },
      ledger: 'acme',
      details: { export: ID, sha256: RESULT.sha256 },
    },
  ]);
});

test.each([
  ['bytes=0-0', 0, 1],
  ['bytes=5-', 5, CONTENT.length],
  ['bytes=-7', CONTENT.length - 7, CONTENT.length],
  ['bytes=-99999999', 0, CONTENT.length],
  ['bytes=262143-262144', 262_143, 262_145],
  ['bytes=599999-700000', 599_999, CONTENT.length],
  ['Bytes= 3 - 9 ', 3, 10],
])('the range %s is given alone', async (range, from, to) => {
  const { ask } = await openFinished();
  const response = await ask({ range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${CONTENT.length}`);
  expect(response.headers.get('content-length')).toBe(String(to - from));
  expect(await response.text()).toBe(CONTENT.toString('utf8', from, to));
});

test.each(['bytes=600000-', 'bytes=999999999-', 'bytes=-0', 'bytes=600000-600001'])(
  'the range %s, which the file has nothing of, is 416 with the size',
  async (range) => {
    const { ask, recorded } = await openFinished();
    const response = await ask({ range });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */600000']);
    expect(await response.json()).toMatchObject({ error: { code: 'RANGE_INVALID' } });
    expect(recorded).toEqual([]);
  },
);

test.each(['bytes=5-2', 'bytes=', 'bytes=-', 'bytes=a-b', 'lines=0-1', 'bytes=0-1,4-5', 'bytes=0-1=2', ''])(
  'the range "%s", which is none or several, is answered with the whole file',
  async (range) => {
    const { ask } = await openFinished();
    const response = await ask({ range });
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, CONTENT.length]);
  },
);

test('a range of another state of the file is answered with the whole one', async () => {
  const { ask } = await openFinished();
  const range = 'bytes=10-19';
  expect((await ask({ range, 'if-range': `"${RESULT.sha256}"` })).status).toBe(206);
  for (const other of [`W/"${RESULT.sha256}"`, '"other"', 'Sat, 01 Jan 2028 00:00:00 GMT']) {
    expect((await ask({ range, 'if-range': other })).status).toBe(200);
  }
});

test('whoever has the file already is told so, and no download is recorded', async () => {
  const { ask, recorded } = await openFinished();
  for (const known of [`"${RESULT.sha256}"`, `"a", W/"${RESULT.sha256}"`, '*']) {
    const response = await ask({ 'if-none-match': known });
    expect([response.status, await response.text()]).toEqual([304, '']);
  }
  expect((await ask({ 'if-none-match': '"a"' }, 'HEAD')).status).toBe(200);
  expect(recorded).toEqual([]);
});

test('HEAD gives the headers of the whole file and no byte of it', async () => {
  const { ask, recorded } = await openFinished();
  const response = await ask({ range: 'bytes=0-9' }, 'HEAD');
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(response.headers.get('content-length')).toBe(String(CONTENT.length));
  expect(recorded).toEqual([]);
});

test('a download is recorded before its first byte, once, also where it begins in the middle', async () => {
  const { ask, recorded } = await openFinished();
  await ask({ range: 'bytes=1-' });
  expect(recorded).toHaveLength(1);
  for (const range of ['bytes=100-', 'bytes=200-', 'bytes=-5']) await ask({ range });
  expect(recorded).toHaveLength(1);
  await ask({ range: 'bytes=0-' });
  expect(recorded).toHaveLength(2);
  await ask({ authorization: 'Bearer all', range: 'bytes=0-5' });
  expect(recorded).toHaveLength(3);
});

test('whoever goes on with a download an hour later is recorded again', async () => {
  const { ask, recorded, passTime } = await openFinished();
  await ask();
  passTime(3_599_999);
  await ask({ range: 'bytes=1-' });
  expect(recorded).toHaveLength(1);
  passTime(1);
  await ask({ range: 'bytes=1-' });
  await ask({ range: 'bytes=2-' });
  expect(recorded).toHaveLength(2);
});

test('where a download cannot be recorded, nothing is given', async () => {
  const route = await openRoute(async () => {
    throw Object.assign(new Error('full'), { code: 'QUEUE_FULL' });
  });
  await route.finish();
  expect(await codeOf(route.ask())).toBe('QUEUE_FULL');
  expect(await codeOf(route.ask({ range: 'bytes=5-' }))).toBe('QUEUE_FULL');
});

test('without the scope or a token nobody hears of any export', async () => {
  const { ask } = await openFinished();
  for (const id of [ID, ID.replace('1', '2'), 'nonsense']) {
    expect(await codeOf(ask({ authorization: 'Bearer nobody' }, 'GET', id))).toBe('UNAUTHENTICATED');
    expect(await codeOf(ask({ authorization: 'Bearer reader' }, 'GET', id))).toBe('FORBIDDEN');
  }
});

test('an export of a foreign ledger answers exactly like one that is not there', async () => {
  const { ask, finish } = await openRoute();
  const foreign = { authorization: 'Bearer foreign' };
  const missing = ['', 'nonsense', ID.replace('1', '2'), ID.toUpperCase(), '%00', 'a'.repeat(10_000)];
  for (const id of missing) expect([id, await codeOf(ask({}, 'GET', id))]).toEqual([id, 'EXPORT_NOT_FOUND']);
  expect(await codeOf(ask(foreign))).toBe('EXPORT_NOT_FOUND');
  expect(await codeOf(ask())).toBe('EXPORT_NOT_READY');
  await finish();
  expect(await codeOf(ask(foreign))).toBe('EXPORT_NOT_FOUND');
});

test('a file that was removed, or is not what was written, is EXPORT_REMOVED', async () => {
  const { ask, folder } = await openFinished();
  truncateSync(join(folder, FILE), 10);
  expect(await codeOf(ask())).toBe('EXPORT_REMOVED');
  rmSync(join(folder, FILE));
  expect(await codeOf(ask())).toBe('EXPORT_REMOVED');
});

test('what may hold something erased since is EXPORT_REMOVED, though its file is there', async () => {
  const { ask, finish, recorded } = await openRoute(undefined, [ERASURE, { ...ERASURE, index: 2 }]);
  await finish();
  expect(await codeOf(ask())).toBe('EXPORT_REMOVED');
  expect(await codeOf(ask({ range: 'bytes=1-' }))).toBe('EXPORT_REMOVED');
  expect(await codeOf(ask({ authorization: 'Bearer foreign' }))).toBe('EXPORT_NOT_FOUND');
  expect(recorded).toEqual([]);
});

test('a result that names another file gives none', async () => {
  const { ask, finish, folder } = await openRoute();
  writeFileSync(join(folder, 'secret'), 'x');
  await finish({ ...RESULT, file: '../secret', bytes: 1 });
  expect(await codeOf(ask())).toBe('EXPORT_REMOVED');
});

test('other methods are refused, and other paths are left to others', async () => {
  const { ask, answer } = await openFinished();
  const response = await ask({}, 'POST');
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  for (const path of ['/', '/exports', '/exports/a/b', '/x/exports/a', '/exportsx/a']) {
    expect(await answer(new Request(`http://x${path}`))).toBeNull();
  }
});

test('over a connection it is streamed, and goes on after a cut where it was', async () => {
  const { answer, recorded } = await openFinished();
  const listener = getRequestListener(
    async (request) => (await answer(request)) ?? new Response(null, { status: 404 }),
    { overrideGlobalObjects: false },
  );
  const server = createServer((req, res) => void listener(req, res));
  const { port } = await listen(server, '127.0.0.1', 0);
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${port}/exports/${ID}`;
  const headers = { authorization: 'Bearer good' };
  const cut = new AbortController();
  const { body } = await fetch(url, { headers, signal: cut.signal });
  const reader = body!.getReader();
  const { value: first = new Uint8Array() } = await reader.read();
  cut.abort();
  const rest = await fetch(url, { headers: { ...headers, range: `bytes=${first.length}-` } });
  expect(rest.status).toBe(206);
  const whole = Buffer.concat([first, Buffer.from(await rest.arrayBuffer())]);
  expect(createHash('sha256').update(whole).digest('hex')).toBe(RESULT.sha256);
  expect(recorded).toHaveLength(1);
});

import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { type ExecutionResult, graphql, parse, subscribe } from 'graphql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import type { AppContext, Reading } from '#schema/context.ts';
import { schema } from '#schema/index.ts';
import { ALL_SCOPES, type Scope } from '#server/access/scopes.ts';
import { AppError } from '#server/errors.ts';
import { createUuidv7Source } from '#server/id.ts';
import { JOBS_OPEN_MAX, type JobStore } from '#server/ports/job-store.ts';
import type { Operation } from '#server/ports/system-log.ts';
import { createPostgresJobStore } from '#server/storage/postgres/job-store.ts';
import { openReadingClient } from '#server/storage/postgres/reading-client.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { makeEvents, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { openPostgresStorage, type PostgresStorage } from '#test/support/postgres-storage.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { NOW, type OpenStorage, type StorageUnderTest } from '#test/support/storage-under-test.ts';

/** The fields of a verification or a ledger that these tests look at one by one. */
interface Answered {
  readonly id: string;
  readonly verifications: readonly { readonly id: string }[];
  readonly lastVerification: unknown;
}

interface Data {
  readonly codes: readonly string[];
  readonly ledger: Answered;
  readonly verification: Answered;
  readonly startVerification: Answered;
  readonly verificationProgress: Answered;
}

interface Opened {
  readonly store: JobStore;
  /** Verifications whose end the ledger `system` does not have. */
  readonly unrecorded: Set<string>;
  readonly recorded: readonly Operation[];
  readonly wakes: () => number;
  /** Runs an operation as someone; gives its data, or the codes of its errors. */
  readonly run: (query: string, caller?: Partial<AppContext['caller']>) => Promise<Data>;
  readonly context: (caller?: Partial<AppContext['caller']>) => AppContext;
  readonly stop: () => void;
}

interface Storage {
  readonly store: JobStore;
  readonly readingOf: (ledgers: AppContext['caller']['ledgers']) => Reading;
}

const EVENTS = 5;
const MINE = { ledgers: new Set(['mine']) };

async function onSqlite(storage: StorageUnderTest): Promise<Storage> {
  const { db: writing, file } = storage as SqliteStorage;
  const db = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file}`, readonly: true }) });
  onTestFinished(() => db.$disconnect());
  return { store: createSqliteJobStore(writing), readingOf: () => ({ db, history: db }) };
}

async function onPostgres(storage: StorageUnderTest): Promise<Storage> {
  const { pool, database } = storage as PostgresStorage;
  const options = { url: database.url, replicaUrl: null, max: 4, name: 'reading', now: () => 0 };
  const reading = openReadingClient(options);
  onTestFinished(() => reading.stop());
  return { store: createPostgresJobStore(pool), readingOf: (ledgers) => reading.bind(ledgers) };
}

type Opening = readonly [string, OpenStorage, (storage: StorageUnderTest) => Promise<Storage>];

const STORAGES: readonly Opening[] = [
  ['SQLite', openSqliteStorage, onSqlite],
  ['Postgres', openPostgresStorage, onPostgres],
];

async function open([, openStorage, storageOf]: Opening, events = EVENTS): Promise<Opened> {
  const storage = await openWithLedgers(openStorage, ['mine', 'theirs']);
  for (const ledger of ['mine', 'theirs']) await submit(storage, ledger, makeEvents('e', events));
  await recordAll(storage);
  const { store, readingOf } = await storageOf(storage);
  const recorded: Operation[] = [];
  const newId = createUuidv7Source();
  const stopping = new AbortController();
  let wakes = 0;
  const unrecorded = new Set<string>();
  const services = {
    jobs: store,
    wakeJobs: () => void (wakes += 1),
    isEndRecorded: async ({ id }: { readonly id: string }) => !unrecorded.has(id),
    recordOperation: async (operation: Operation) => {
      if (operation.caller?.name === 'refused') throw new AppError('QUEUE_FULL');
      recorded.push(operation);
    },
    newId: () => newId(NOW),
    // Nobody asks twice in one millisecond, or either may be the newer one.
    clock: () => NOW + wakes,
  };
  const context: Opened['context'] = (over = {}) => {
    const caller = {
      tokenId: 'token',
      name: 'Ann',
      scopes: new Set(ALL_SCOPES),
      ledgers: '*' as const,
      ...over,
    };
    const rest = { stopping: stopping.signal, gone: stopping.signal, reauthenticate: async () => undefined };
    // The services that verifications call.
    return { ...readingOf(caller.ledgers), caller, services, ...rest } as {} as AppContext;
  };
  const run: Opened['run'] = async (source, caller) =>
    dataOf(await graphql({ schema, source, contextValue: context(caller) }));
  const stop = (): void => stopping.abort(new AppError('APPLIANCE_STOPPING'));
  return { store, recorded, unrecorded, wakes: () => wakes, run, context, stop };
}

function dataOf({ data, errors = [] }: ExecutionResult): Data {
  const codes = errors.map(({ originalError, message }) =>
    originalError instanceof AppError ? originalError.code : message,
  );
  return (codes.length > 0 ? { codes } : data) as {} as Data;
}

const START =
  'mutation { startVerification(ledger: "mine") { id state checked total breakCount rate startedAt } }';
const ONE = `id state phase from to scheduled checked total breaks { index kind message } breakCount
  notChecked rate size root error { code message } createdAt startedAt finishedAt ledger { id }`;

async function start(opened: Opened): Promise<string> {
  return (await opened.run(START)).startVerification.id;
}

describe.each(STORAGES)('verifications on %s', (...storage) => {
  it('begin when somebody asks, which is recorded first', async () => {
    const opened = await open(storage);
    const started = await opened.run(START);
    const { id, ...rest } = started.startVerification;
    expect(rest).toEqual({
      state: 'QUEUED',
      checked: 0,
      total: 0,
      breakCount: 0,
      rate: null,
      startedAt: null,
    });
    const job = await opened.store.find(id);
    expect(job).toMatchObject({ kind: 'VERIFICATION', requestedBy: 'token', createdAt: NOW });
    expect(JSON.parse(job?.params ?? '')).toEqual({ from: null, to: null, scheduled: false });
    expect(opened.wakes()).toBe(1);
    const details = { verification: id, from: null, to: null };
    const caller = { tokenId: 'token', name: 'Ann' };
    expect(opened.recorded).toEqual([
      { action: 'verification.start', status: 'ATTEMPT', caller, ledger: 'mine', details },
    ]);
    const refused = await opened.run(START, { name: 'refused' });
    expect(refused).toEqual({ codes: ['QUEUE_FULL'] });
    expect(await opened.store.list(job?.ledgerNo ?? 0, 'VERIFICATION', 10)).toHaveLength(1);
  });

  it('show how far they are, what they found, and what came of them', async () => {
    const opened = await open(storage);
    const id = await start(opened);
    const query = `{ verification(id: "${id}") { ${ONE} } }`;
    await opened.store.claim(['VERIFICATION'], 'x', NOW + 1, NOW + 2);
    const broken = { index: 3, kind: 'CONTENT_MISMATCH', message: 'details does not match' };
    const progress = { checked: 3, total: 5, rate: 12.5, phase: 'RECORDS', breaks: [broken], breakCount: 9 };
    await opened.store.keep(id, 'x', NOW + 3, JSON.stringify({ ...progress, resume: { secret: 1 } }));
    const running = (await opened.run(query)).verification;
    const times = { createdAt: '2026-03-01T12:00:00.000Z', startedAt: '2026-03-01T12:00:00.001Z' };
    const asked = { from: null, to: null, scheduled: false, ledger: { id: 'mine' } };
    const none = { size: null, root: null, error: null, finishedAt: null, notChecked: [] };
    expect(running).toEqual({ id, state: 'RUNNING', ...progress, ...asked, ...times, ...none });
    const result = { ...progress, checked: 5, size: 5, root: 'cm9vdA==', notChecked: ['this'] };
    const end = {
      state: 'DONE',
      progress: null,
      result: JSON.stringify(result),
      error: null,
      at: NOW + 4,
    } as const;
    await opened.store.finish(id, 'x', end);
    const finishedAt = '2026-03-01T12:00:00.004Z';
    const done = { ...result, error: null, finishedAt };
    expect((await opened.run(query)).verification).toEqual({
      id,
      state: 'DONE',
      ...done,
      ...asked,
      ...times,
    });
    const listed = await opened.run('{ ledger(id: "mine") { lastVerification { id breakCount } } }');
    expect(listed.ledger.lastVerification).toEqual({ id, breakCount: 9 });
  });

  it('say why they failed', async () => {
    const opened = await open(storage);
    const id = await start(opened);
    await opened.store.claim(['VERIFICATION'], 'x', NOW, NOW);
    const progress = '{"checked":2,"runs":{"attempts":1,"outages":0,"code":"STORAGE_UNAVAILABLE"}}';
    const end = { state: 'FAILED', progress, result: null, error: 'It is away.', at: NOW } as const;
    await opened.store.finish(id, 'x', end);
    const { verification } = await opened.run(
      `{ verification(id: "${id}") { state checked error { code message } } }`,
    );
    const error = { code: 'STORAGE_UNAVAILABLE', message: 'It is away.' };
    expect(verification).toEqual({ state: 'FAILED', checked: 2, error });
  });

  it('take a range that lies within the ledger, and no other', async () => {
    const opened = await open(storage);
    const range = (text: string) =>
      opened.run(`mutation { startVerification(ledger: "mine", ${text}) { from to } }`);
    expect(await range('from: 0, to: 5')).toEqual({ startVerification: { from: 0, to: 5 } });
    expect(await range('from: 4')).toEqual({ startVerification: { from: 4, to: null } });
    expect(await range('to: 1')).toEqual({ startVerification: { from: null, to: 1 } });
    for (const text of [
      'from: -1',
      'from: 5',
      'to: 0',
      'to: 6',
      'from: 3, to: 3',
      'from: 3, to: 2',
      'to: -1',
    ]) {
      expect(await range(text)).toEqual({ codes: ['BAD_USER_INPUT'] });
    }
    expect(opened.recorded).toHaveLength(3);
  });

  it('are listed newest first, and the last whole one that is DONE is the last one', async () => {
    const opened = await open(storage);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(await start(opened));
    await opened.run('mutation { startVerification(ledger: "mine", from: 1) { id } }');
    for (const state of ['DONE', 'DONE', 'FAILED'] as const) {
      const job = await opened.store.claim(['VERIFICATION'], 'x', NOW, NOW + 1);
      await opened.store.finish(job?.id ?? '', 'x', {
        state,
        progress: null,
        result: '{}',
        error: null,
        at: NOW,
      });
    }
    const list = async (args: string) =>
      await opened.run(`{ ledger(id: "mine") { verifications${args} { id } lastVerification { id } } }`);
    const { ledger } = await list('');
    expect(ledger.verifications.map(({ id }) => id).slice(1)).toEqual(ids.toReversed());
    expect(ledger.lastVerification).toEqual({ id: ids[1] });
    opened.unrecorded.add(ids[1] ?? '');
    expect((await list('')).ledger.lastVerification).toEqual({ id: ids[0] });
    opened.unrecorded.clear();
    expect((await list('(first: 2)')).ledger.verifications).toEqual(ledger.verifications.slice(0, 2));
    expect(await list('(first: 71)')).toEqual({ codes: ['PAGE_TOO_LARGE'] });
    expect(await list('(first: -1)')).toEqual({ codes: ['PAGE_TOO_LARGE'] });
    const other = await opened.run(
      '{ ledger(id: "theirs") { verifications { id } lastVerification { id } } }',
    );
    expect(other).toEqual({ ledger: { verifications: [], lastVerification: null } });
  });

  it('end when somebody cancels them, which is recorded; one that has ended stays as it is', async () => {
    const opened = await open(storage);
    const cancel = (id: string) => opened.run(`mutation { cancelVerification(id: "${id}") { state } }`);
    const [waiting, running] = [await start(opened), await start(opened)];
    expect(await cancel(waiting)).toEqual({ cancelVerification: { state: 'CANCELLED' } });
    await opened.store.claim(['VERIFICATION'], 'x', NOW, NOW + 1);
    expect(await cancel(running)).toEqual({ cancelVerification: { state: 'RUNNING' } });
    expect(await opened.store.keep(running, 'x', NOW, '{}')).toBe('CANCELLED');
    expect(await cancel(waiting)).toEqual({ cancelVerification: { state: 'CANCELLED' } });
    const cancels = opened.recorded.filter(({ action }) => action === 'verification.cancel');
    expect(cancels.map(({ details }) => details.verification)).toEqual([waiting, running]);
  });

  it('of a ledger out of reach answer exactly like those that are not there', async () => {
    const opened = await open(storage);
    const theirs = (await opened.run('mutation { startVerification(ledger: "theirs") { id } }'))[
      'startVerification'
    ].id;
    const exportId = createUuidv7Source()(NOW);
    const asked = {
      kind: 'EXPORT',
      ledgerNo: 1,
      params: '{}',
      requestedBy: 'token',
      createdAt: NOW,
    } as const;
    await opened.store.create({ id: exportId, ...asked });
    for (const id of [theirs, exportId, createUuidv7Source()(NOW), 'no id', '', 'a\\u0000b']) {
      expect(await opened.run(`{ verification(id: "${id}") { id } }`, MINE)).toEqual({ verification: null });
      expect(await opened.run(`mutation { cancelVerification(id: "${id}") { id } }`, MINE)).toEqual({
        codes: ['VERIFICATION_NOT_FOUND'],
      });
      const following = await follow(opened, id, MINE);
      expect(following).toMatchObject({ codes: ['VERIFICATION_NOT_FOUND'] });
    }
    for (const ledger of ['theirs', 'missing']) {
      expect(await opened.run(`mutation { startVerification(ledger: "${ledger}") { id } }`, MINE)).toEqual({
        codes: ['LEDGER_NOT_FOUND'],
      });
    }
    expect(await opened.store.find(theirs)).toMatchObject({ state: 'QUEUED' });
  });

  it('are refused without the scope ledgers:verify, whatever else a token may do', async () => {
    const opened = await open(storage);
    const id = await start(opened);
    const others = { scopes: new Set(ALL_SCOPES.filter((scope: Scope) => scope !== 'ledgers:verify')) };
    const operations = [
      START,
      `{ verification(id: "${id}") { id } }`,
      `mutation { cancelVerification(id: "${id}") { id } }`,
      '{ ledger(id: "mine") { verifications { id } } }',
      '{ ledger(id: "mine") { lastVerification { id } } }',
    ];
    for (const operation of operations) {
      expect(await opened.run(operation, others)).toEqual({ codes: ['FORBIDDEN'] });
    }
    expect(await follow(opened, id, others)).toEqual({ codes: ['FORBIDDEN'] });
    const alone = { scopes: new Set<Scope>(['ledgers:verify']) };
    expect(await opened.run(`{ verification(id: "${id}") { ledger { id } } }`, alone)).toEqual({
      verification: { ledger: { id: 'mine' } },
    });
  });

  it('are no more than the limit at once, for one ledger', async () => {
    const opened = await open(storage, 1);
    for (let i = 0; i < JOBS_OPEN_MAX; i++) await start(opened);
    expect(await opened.run(START)).toEqual({ codes: ['JOBS_FULL'] });
    expect(await opened.run('mutation { startVerification(ledger: "theirs") { state } }')).toEqual({
      startVerification: { state: 'QUEUED' },
    });
  });

  it('can be followed to their end', async () => {
    const opened = await open(storage);
    const id = await start(opened);
    const stream = await follow(opened, id);
    if (!(Symbol.asyncIterator in stream)) throw new Error('It cannot be followed');
    const next = async () => dataOf((await stream.next()).value!).verificationProgress;
    expect(await next()).toEqual({ state: 'QUEUED', checked: 0 });
    await opened.store.claim(['VERIFICATION'], 'x', NOW, NOW + 1);
    await opened.store.keep(id, 'x', NOW + 1, '{"checked":2}');
    expect(await next()).toEqual({ state: 'RUNNING', checked: 2 });
    const end = { state: 'DONE', progress: null, result: '{"checked":5}', error: null, at: NOW } as const;
    await opened.store.finish(id, 'x', end);
    expect(await next()).toEqual({ state: 'DONE', checked: 5 });
    expect((await stream.next()).done).toBe(true);
  });

  it('are no longer followed when the server stops', async () => {
    const opened = await open(storage);
    const stream = await follow(opened, await start(opened));
    if (!(Symbol.asyncIterator in stream)) throw new Error('It cannot be followed');
    await stream.next();
    const waiting = stream.next();
    opened.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'APPLIANCE_STOPPING' });
  });
});

async function follow(opened: Opened, id: string, caller?: Partial<AppContext['caller']>) {
  const document = parse(`subscription { verificationProgress(id: "${id}") { state checked } }`);
  const stream = await subscribe({ schema, document, contextValue: opened.context(caller) });
  return Symbol.asyncIterator in stream ? stream : dataOf(stream);
}

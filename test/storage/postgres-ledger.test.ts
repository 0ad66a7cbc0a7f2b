import { describe, expect, inject, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import type { Settlement } from '#server/ports/intake.ts';
import type { Append, LedgerStore } from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createStartReader } from '#server/storage/postgres/ledger-at-start.ts';
import { inTransaction } from '#server/storage/postgres/open.ts';
import {
  createPartitions,
  ensurePartitions,
  PARTITION_RECORDS,
} from '#server/storage/postgres/partitions.ts';
import { findContradictions } from '#server/worker/check-start.ts';
import { sequence } from '#server/worker/sequence.ts';
import { cutAt, cutWithin, startCuttingProxy, type Watch } from '#test/support/cutting-proxy.ts';
import {
  createLedger,
  expectIntact,
  makeEvent,
  makeEvents,
  recordedIds,
  sequenceDeps,
} from '#test/support/ledger-fixture.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';
import { asSuperuserOf, openPostgresProcess, type PostgresProcess } from '#test/support/postgres-process.ts';
import { setLedgerSize } from '#test/support/ledger-size.ts';

const idsOf = (prefix: string, count: number): readonly string[] =>
  makeEvents(prefix, count).map(({ eventId }) => eventId);

async function submit(api: PostgresProcess, ledger: string, prefix: string, count: number): Promise<void> {
  await api.intake.accept({ ledger, events: makeEvents(prefix, count), settle: false });
}

async function openWithLedgers(...ledgers: readonly string[]) {
  const database = await createDatabase();
  const api = await openPostgresProcess(database);
  for (const ledger of ledgers) await createLedger(api, ledger);
  return { database, api };
}

async function expectRecordedOnce(api: PostgresProcess, ledger: string, ids: readonly string[]) {
  expect((await recordedIds(api, ledger)).toSorted()).toEqual(ids.toSorted());
  await expectIntact(api, ledger);
}

/** The append that would record these events now; it is not made. */
async function planAppend(
  { store }: Pick<PostgresProcess, 'store'>,
  ids: readonly string[],
  completes: string | null = null,
): Promise<Append> {
  const planned: Append[] = [];
  const planning: LedgerStore = {
    ...store,
    append: async (append) => {
      planned.push(append);
      return await Promise.resolve('APPENDED');
    },
  };
  const lines = ids.map((id) => makeEvent(id).line);
  await sequence({ ...sequenceDepsOf({ store: planning }) }, { ledger: 'acme', lines, completes });
  return planned[0]!;
}

function sequenceDepsOf({ store }: { readonly store: LedgerStore }) {
  return { ...sequenceDeps({ store } as PostgresProcess) };
}

describe('a connection of the worker that breaks', () => {
  const COPY = 'COPY public.record';
  const moments: Readonly<Record<string, () => () => Watch>> = {
    'before it has a batch': () => cutAt('BEFORE', 'BEGIN', 'strict_fifo_heads'),
    'while it gets a batch': () => cutAt('AFTER', 'BEGIN', 'strict_fifo_heads'),
    'before the head moves': () => cutAt('BEFORE', 'strict_fifo_heads', 'UPDATE head'),
    'after the head has moved': () => cutAt('AFTER', 'strict_fifo_heads', 'UPDATE head'),
    'before the first record': () => cutAt('BEFORE', 'strict_fifo_heads', COPY),
    'in the middle of the records': () => cutWithin(COPY),
    'after the last record': () => cutAt('BEFORE', COPY, 'INSERT INTO tile'),
    'before the commit': () => cutAt('BEFORE', COPY, 'COMMIT'),
    'after the commit, before its answer': () => cutAt('AFTER', COPY, 'COMMIT'),
  };
  it.for(Object.entries(moments))('loses and doubles nothing %s', async ([, moment]) => {
    const { database, api } = await openWithLedgers('acme');
    const waiting = await api.intake.accept({ ledger: 'acme', events: makeEvents('a', 40), settle: true });
    for (const prefix of ['b', 'c']) await submit(api, 'acme', prefix, 40);
    const proxy = await startCuttingProxy(inject('postgresPort'));
    const worker = await openPostgresProcess(database, { port: proxy.port });
    // The connections so far go on as they are; the cut is made on one of the next.
    let cuts = 0;
    const cut = moment();
    proxy.watch = () => {
      const watch = cut();
      return (from, data) => {
        const bytes = watch(from, data);
        if (bytes !== null) cuts += 1;
        return bytes;
      };
    };
    await worker.terminate();
    const told: Settlement[] = [];
    await worker.recordAll({ onSequenced: (_, { settlements }) => told.push(...settlements.values()) });
    expect(cuts).toBe(1);
    // Where the answer to the commit was lost nobody is told, and whoever waits looks it up.
    expect(told.filter(({ state }) => state !== 'RECORDED')).toEqual([]);
    for (let round = 0; round < 2; round++) await api.intake.lookUp();
    expect(await waiting.settled).toEqual(idsOf('a', 40).map((_, index) => ({ state: 'RECORDED', index })));
    await expectRecordedOnce(
      api,
      'acme',
      ['a', 'b', 'c'].flatMap((prefix) => idsOf(prefix, 40)),
    );
    expect(await api.queue.depth()).toMatchObject({ batches: 0, events: 0 });
  });

  it('loses and doubles nothing when the database ends all of them at every step', async () => {
    const { database, api } = await openWithLedgers('acme');
    const worker = await openPostgresProcess(database);
    for (const step of ['head', 'known', 'append'] as const) {
      await submit(api, 'acme', step, 20);
      let calls = 0;
      const store = {
        ...worker.store,
        [step]: async (...args: readonly unknown[]): Promise<unknown> => {
          if ((calls += 1) === 1) await worker.terminate();
          return await Reflect.apply(worker.store[step], worker.store, args);
        },
      };
      await worker.recordAll({ store });
      expect(calls).toBeGreaterThan(0);
    }
    await expectRecordedOnce(
      api,
      'acme',
      ['head', 'known', 'append'].flatMap((prefix) => idsOf(prefix, 20)),
    );
    expect(await api.queue.depth()).toMatchObject({ batches: 0 });
  });

  it('does not keep it from appending a batch whose lease went with it', async () => {
    const { database, api } = await openWithLedgers('acme');
    const worker = await openPostgresProcess(database);
    await submit(api, 'acme', 'e', 3);
    const [batch] = await worker.queue.take(1);
    const append = await planAppend(worker, idsOf('e', 3), batch?.id);
    await worker.terminate();
    expect(await worker.store.append(append)).toBe('APPENDED');
    await expectRecordedOnce(api, 'acme', idsOf('e', 3));
    expect(await api.queue.depth()).toMatchObject({ batches: 0 });
    expect(await worker.store.append(append)).toBe('HEAD_MOVED');
    expect(await worker.store.append(await planAppend(worker, [], batch?.id))).toBe('BATCH_GONE');
  });

  it('waits with such an append while another worker has the batch, and does not call it gone', async () => {
    const { database, api } = await openWithLedgers('acme');
    const [late, other] = [await openPostgresProcess(database), await openPostgresProcess(database)];
    await submit(api, 'acme', 'e', 3);
    const [batch] = await late.queue.take(1);
    const append = await planAppend(late, idsOf('e', 3), batch?.id);
    await late.terminate();
    const [again] = await other.queue.take(1);
    expect(again).toMatchObject({ id: batch?.id });
    let outcome: string | null = null;
    const appending = late.store.append(append).then((value) => (outcome = value));
    await untilSomeoneWaits(database);
    expect(outcome).toBeNull();
    if (again) await other.queue.release(again);
    expect(await appending).toBe('APPENDED');
    await expectRecordedOnce(api, 'acme', idsOf('e', 3));
  });
});

/** Until a connection of the database waits for a lock of another one. */
async function untilSomeoneWaits(database: TestDatabase): Promise<void> {
  await asSuperuserOf(database, async (client) => {
    for (let waiting = 0; waiting === 0; ) {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      waiting = rowCount ?? 0;
    }
  });
}

describe('several workers', () => {
  it('record one ledger in turns, without a fork, also piece by piece beside a batch in hand', async () => {
    const { database, api } = await openWithLedgers('acme');
    const workers = await Promise.all([1, 2, 3, 4].map(() => openPostgresProcess(database)));
    for (let i = 0; i < 20; i++) await submit(api, 'acme', `${i}-`, 5);
    const piece = async (name: string): Promise<void> => {
      for (const { line } of makeEvents(name, 10)) {
        await sequence(sequenceDepsOf(api), { ledger: 'acme', lines: [line], completes: null });
      }
    };
    await Promise.all([piece('piece'), ...workers.map((worker) => worker.recordAll())]);
    const batches = Array.from({ length: 20 }, (_, i) => idsOf(`${i}-`, 5));
    await expectRecordedOnce(api, 'acme', [...batches.flat(), ...idsOf('piece', 10)]);
    const inOrder = (await recordedIds(api, 'acme')).filter((id) => !id.startsWith('piece'));
    expect(inOrder).toEqual(batches.flat());
  });

  it('record four ledgers at the same time', async () => {
    const ledgers = ['a', 'b', 'c', 'd'];
    const { database, api } = await openWithLedgers(...ledgers);
    const workers = await Promise.all(ledgers.map(() => openPostgresProcess(database)));
    for (const ledger of ledgers) for (const prefix of ['x', 'y']) await submit(api, ledger, prefix, 20);
    const taken = await Promise.all(workers.map(({ queue }) => queue.take(1)));
    expect(
      taken
        .flat()
        .map(({ ledger }) => ledger)
        .toSorted(),
    ).toEqual(ledgers);
    for (const [i, [batch]] of taken.entries()) await workers[i]?.queue.release(batch!);
    await Promise.all(workers.map((worker) => worker.recordAll()));
    for (const ledger of ledgers)
      await expectRecordedOnce(api, ledger, [...idsOf('x', 20), ...idsOf('y', 20)]);
  });

  it('do not look like a contradiction to a process that starts meanwhile', async () => {
    const { database, api } = await openWithLedgers('acme');
    const worker = await openPostgresProcess(database);
    for (let i = 0; i < 30; i++) await submit(api, 'acme', `${i}-`, 30);
    const remembered = { get: () => null, put: () => undefined, ledgers: () => ['acme'] };
    const progress = { done: false };
    const recording = worker.recordAll().then(() => (progress.done = true));
    let checks = 0;
    for (; !progress.done; checks++) {
      const reader = createStartReader(api.pool, sha256, remembered);
      expect(await findContradictions(sha256, verifyEd25519, reader)).toBeNull();
    }
    await recording;
    expect(checks).toBeGreaterThan(1);
  });
});

describe('partitions', () => {
  const partitionsOf = async (database: TestDatabase): Promise<readonly string[]> =>
    await asSuperuserOf(database, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'record'::regclass",
      );
      return rows.map(({ name }) => name).toSorted();
    });

  it('take a batch that crosses from one into the next, and find its events in both', async () => {
    const { database, api } = await openWithLedgers('acme');
    await setLedgerSize(database, 1, PARTITION_RECORDS - 3);
    const worker = await openPostgresProcess(database);
    await submit(api, 'acme', 'e', 7);
    await worker.recordAll();
    expect((await worker.store.head('acme'))?.size).toBe(PARTITION_RECORDS + 4);
    const known = await worker.store.known('acme', [...idsOf('e', 7), 'none']);
    const expected = idsOf('e', 7).map((id, i) => [id, PARTITION_RECORDS - 3 + i]);
    expect([...known].map(([id, { index }]) => [id, index])).toEqual(expected);
    const counts = await asSuperuserOf(database, async (client) => {
      const { rows } = await client.query(
        'SELECT (SELECT count(*)::int FROM record_1_0), count(*)::int AS b FROM record_1_1',
      );
      return rows[0] as unknown;
    });
    expect(counts).toEqual({ count: 3, b: 4 });
    const { intake } = await openPostgresProcess(database);
    const { admissions } = await intake.accept({ ledger: 'acme', events: makeEvents('e', 7), settle: false });
    expect(admissions.map((admission) => 'index' in admission && admission.index)).toEqual(
      expected.map(([, index]) => index),
    );
  });

  it('do not let an event be recorded again in another one, whoever says that it is new', async () => {
    const { database, api } = await openWithLedgers('acme');
    await sequence(sequenceDepsOf(api), { ledger: 'acme', lines: [makeEvent('e').line], completes: null });
    await setLedgerSize(database, 1, PARTITION_RECORDS + 5);
    const [append, other] = [await planAppend(api, ['f']), await openPostgresProcess(database)];
    const records = append.records.map((record) => ({ ...record, eventId: 'e' }));
    for (const store of [api.store, other.store]) {
      await expect(store.append({ ...append, records })).rejects.toThrow('recorded already');
    }
    expect(await other.store.append(append)).toBe('APPENDED');
  });

  it('are there before they are needed, made by appends and by the job that looks after them', async () => {
    const { database, api } = await openWithLedgers('acme', 'other');
    expect(await partitionsOf(database)).toEqual(['record_1_0', 'record_2_0']);
    await setLedgerSize(database, 1, PARTITION_RECORDS / 2 - 1);
    await sequence(sequenceDepsOf(api), { ledger: 'acme', lines: [makeEvent('a').line], completes: null });
    expect(await partitionsOf(database)).toEqual(['record_1_0', 'record_1_1', 'record_2_0']);
    await setLedgerSize(database, 2, PARTITION_RECORDS * 2.5);
    await ensurePartitions(api.pool);
    await ensurePartitions(api.pool);
    expect(await partitionsOf(database)).toEqual([
      'record_1_0',
      'record_1_1',
      'record_2_0',
      'record_2_2',
      'record_2_3',
    ]);
  });

  it('are made once by many processes at once', async () => {
    const { database, api } = await openWithLedgers('acme');
    const processes = await Promise.all([1, 2, 3].map(() => openPostgresProcess(database)));
    await Promise.all(
      processes.map(({ pool }) => createPartitions(pool).ensure(1, PARTITION_RECORDS, PARTITION_RECORDS + 1)),
    );
    expect(await partitionsOf(database)).toEqual(['record_1_0', 'record_1_1']);
    await expect(
      inTransaction(api.pool, (client) => client.query('SELECT add_record_partition(3, 0)')),
    ).rejects.toThrow('there is no ledger number 3');
  });
});

describe('an append that the database refuses', () => {
  it('leaves nothing and keeps the batch in hand, when an id comes twice in it', async () => {
    const { database, api } = await openWithLedgers('acme');
    const worker = await openPostgresProcess(database);
    await submit(api, 'acme', 'e', 2);
    const [batch] = await worker.queue.take(1);
    const append = await planAppend(worker, idsOf('e', 2), batch?.id);
    const records = append.records.map((record) => ({ ...record, eventId: 'e0' }));
    await expect(worker.store.append({ ...append, records })).rejects.toMatchObject({ code: '23505' });
    expect(await worker.queue.take(1)).toEqual([]);
    expect(await api.queue.take(1)).toEqual([]);
    expect(await worker.store.head('acme')).toMatchObject({ size: 0 });
    expect(await worker.store.append(append)).toBe('APPENDED');
    await expectRecordedOnce(api, 'acme', idsOf('e', 2));
  });

  it('is an outage when it waits too long for the head, and is no other answer', async () => {
    const { database, api } = await openWithLedgers('acme');
    const append = await planAppend(api, ['e']);
    await asSuperuserOf(database, async (client) => {
      await client.query('BEGIN; SELECT FROM head FOR UPDATE');
      const appending = api.store.append(append).catch((error: unknown) => error);
      await untilSomeoneWaits(database);
      await client.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      expect(await appending).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    });
    expect(await api.store.append(append)).toBe('APPENDED');
  });

  it('stops recording when the lines of a batch are gone', async () => {
    const { database, api } = await openWithLedgers('acme');
    await submit(api, 'acme', 'e', 1);
    await asSuperuserOf(database, (client) => client.query('DELETE FROM batch_payload'));
    await expect(api.queue.take(1)).rejects.toThrow('The lines of batch');
  });

  it('never takes a commit for done that the database turned into a rollback', async () => {
    const { api } = await openWithLedgers('acme');
    await submit(api, 'acme', 'e', 1);
    const [batch] = await api.queue.take(1);
    const lease = api.leases.takeUp(batch?.id ?? '');
    await lease?.client.query('SELECT 1 / 0').catch(() => undefined);
    await expect(api.leases.commit(lease!)).rejects.toThrow('COMMIT ended in ROLLBACK');
    expect(await api.queue.take(1)).toHaveLength(1);
  });
});

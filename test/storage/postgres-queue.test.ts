import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { systemClock } from '#server/clock.ts';
import type { Batch } from '#server/ports/job-queue.ts';
import { lockWaiting } from '#server/storage/postgres/job-queue.ts';
import { inTransaction, openPool } from '#server/storage/postgres/open.ts';
import { sequence } from '#server/worker/sequence.ts';
import { cutAt, passAll, startCuttingProxy } from '#test/support/cutting-proxy.ts';
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
import { TEST_QUEUE } from '#test/support/postgres-server.ts';

async function openWithLedgers(...ledgers: readonly string[]) {
  const database = await createDatabase();
  const api = await openPostgresProcess(database);
  for (const ledger of ledgers) await createLedger(api, ledger);
  return { database, api };
}

async function submit(api: PostgresProcess, ledger: string, id: string): Promise<void> {
  await api.intake.accept({ ledger, events: [makeEvent(id)], settle: false });
}

async function only({ queue }: Pick<PostgresProcess, 'queue'>): Promise<Batch> {
  const [batch, ...rest] = await queue.take(8);
  if (!batch || rest.length > 0) throw new Error(`${rest.length + (batch ? 1 : 0)} batches instead of one`);
  return batch;
}

async function complete(worker: PostgresProcess, { id, ledger, payload }: Batch): Promise<void> {
  await sequence(sequenceDeps(worker), { ledger, lines: payload.split('\n'), completes: id });
}

/** Moves the clock of the database's queue forward. */
async function passTime(database: TestDatabase, interval: string): Promise<void> {
  await asSuperuserOf(database, (client) =>
    client.query(
      `CREATE OR REPLACE FUNCTION pgboss.job_now() RETURNS TIMESTAMPTZ LANGUAGE sql STABLE
       AS 'SELECT now() + interval ''${interval}'''`,
    ),
  );
}

describe('the queue on Postgres', () => {
  it('still finds a job that was given back while somebody waited for it', async () => {
    const { database, api } = await openWithLedgers('acme');
    await submit(api, 'acme', 'a');
    const batch = await only(api);
    const pool = openPool(database.url, { max: 1, name: 'waiting' });
    onTestFinished(() => pool.end());
    const found = inTransaction(pool, (client) => lockWaiting(client, TEST_QUEUE, batch.id));
    const isBlocked = async (): Promise<boolean> =>
      await asSuperuserOf(database, async (client) => {
        const waits = "application_name = 'waiting' AND wait_event_type = 'Lock'";
        return (await client.query(`SELECT FROM pg_stat_activity WHERE ${waits}`)).rowCount === 1;
      });
    while (!(await isBlocked())) await nextTurn();
    // pg-boss gives it back as a new row.
    await api.queue.retry(batch, systemClock() + 2000, 'because');
    expect(await found).toBe(true);
  });

  it('lets other ledgers pass a job that cannot be had', async () => {
    const { database, api } = await openWithLedgers('acme', 'other');
    const worker = await openPostgresProcess(database);
    await submit(api, 'acme', 'a');
    const first = await only(api);
    await submit(api, 'acme', 'b');
    // As of a transaction that began before the first one's and committed after it was taken.
    await asSuperuserOf(database, (client) =>
      client.query(
        "UPDATE pgboss.job SET created_on = created_on - interval '1 minute', priority = 0 WHERE id <> $1",
        [first.id],
      ),
    );
    await submit(api, 'other', 'c');
    expect((await worker.queue.take(1)).map(({ ledger }) => ledger)).toEqual(['other']);
  });

  it('gives a batch to one of many workers, and the next of its ledger to none of them', async () => {
    const { database, api } = await openWithLedgers('acme', 'other');
    const workers = await Promise.all([1, 2, 3].map(() => openPostgresProcess(database)));
    for (const id of ['a', 'b', 'c']) await submit(api, 'acme', id);
    await submit(api, 'other', 'd');
    const taken = await Promise.all(workers.map(({ queue }) => queue.take(4)));
    expect(
      taken
        .flat()
        .map(({ ledger }) => ledger)
        .toSorted(),
    ).toEqual(['acme', 'other']);
  });

  it('does not wait for a batch in hand that a later commit has put behind an older one', async () => {
    const { database, api } = await openWithLedgers('acme');
    const other = await openPostgresProcess(database);
    await submit(api, 'acme', 'a');
    const first = await only(api);
    await submit(api, 'acme', 'b');
    // As of a transaction that began before the first one's and committed after it was taken.
    await asSuperuserOf(database, (client) =>
      client.query("UPDATE pgboss.job SET created_on = created_on - interval '1 minute' WHERE id <> $1", [
        first.id,
      ]),
    );
    for (const { queue } of [api, other]) expect(await queue.take(2)).toEqual([]);
    await complete(api, first);
    expect((await only(other)).payload).toContain('"b"');
  });

  it('does not send an idle worker after a retry that is due and in the hands of another', async () => {
    const { database, api } = await openWithLedgers('acme');
    const idle = await openPostgresProcess(database);
    await submit(api, 'acme', 'e');
    await api.queue.retry(await only(api), systemClock() - 10, 'because');
    expect(await idle.queue.nextDueAt()).toBeLessThanOrEqual(systemClock());
    const again = await only(api);
    expect(again.attempts).toBe(2);
    expect(await idle.queue.nextDueAt()).toBeNull();
    await api.queue.release(again);
    expect(await only(idle)).toMatchObject({ id: again.id, attempts: 2 });
  });

  it('reckons waits by the clock of the database, however wrong the one of the machine is', async () => {
    const { database, api } = await openWithLedgers('acme');
    const hour = 3_600_000;
    const ahead = await openPostgresProcess(database, { now: () => systemClock() + hour });
    await submit(api, 'acme', 'e');
    const batch = await only(ahead);
    await ahead.queue.retry(batch, systemClock() + hour + 30_000, 'because');
    for (const [worker, shift] of [
      [ahead, hour],
      [api, 0],
    ] as const) {
      const waitMs = ((await worker.queue.nextDueAt()) ?? 0) - systemClock() - shift;
      expect(waitMs).toBeGreaterThan(20_000);
      expect(waitMs).toBeLessThanOrEqual(30_000);
      expect(await worker.queue.take(1)).toEqual([]);
    }
    await passTime(database, '31 seconds');
    expect(await only(api)).toMatchObject({ id: batch.id, attempts: 2 });
  });

  it('counts an attempt whose lease was lost before it could be given back', async () => {
    const { database, api } = await openWithLedgers('acme');
    const worker = await openPostgresProcess(database);
    await submit(api, 'acme', 'e');
    const batch = await only(worker);
    await worker.queue.retry(batch, systemClock() - 1, 'because');
    const again = await only(worker);
    await worker.terminate();
    await worker.queue.retry(again, systemClock() + 30_000, 'nul \u0000 in it');
    expect(await api.queue.take(1)).toEqual([]);
    await passTime(database, '31 seconds');
    const third = await only(api);
    expect(third).toMatchObject({ id: batch.id, attempts: 3 });
    await complete(api, third);
    // Whoever comes with it now is late: it is neither given out again nor an error.
    await worker.queue.retry(again, systemClock(), 'because');
    expect(await api.queue.take(1)).toEqual([]);
    expect(await recordedIds(api, 'acme')).toEqual(['e']);
  });

  it('takes a release of a batch whose connection is gone', async () => {
    const { database, api } = await openWithLedgers('acme');
    const worker = await openPostgresProcess(database);
    await submit(api, 'acme', 'e');
    const batch = await only(worker);
    await worker.terminate();
    await worker.queue.release(batch);
    await worker.queue.release(batch);
    expect(await only(api)).toMatchObject({ id: batch.id, attempts: 1 });
  });

  it('keeps none of the batches in hand when it cannot take all that it is asked for', async () => {
    const { database, api } = await openWithLedgers('a', 'b');
    for (const ledger of ['a', 'b']) await submit(api, ledger, 'e');
    const proxy = await startCuttingProxy(inject('postgresPort'));
    const worker = await openPostgresProcess(database, { port: proxy.port });
    await worker.queue.depth();
    // The connection that is there is good for one batch.
    proxy.watch = () => null;
    await expect(worker.queue.take(2)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await api.queue.take(2)).toHaveLength(2);
    proxy.watch = () => passAll;
    expect(await worker.queue.take(2)).toEqual([]);
  });

  it('calls it an outage when the connection breaks over an empty queue', async () => {
    const { database, api } = await openWithLedgers('acme');
    const proxy = await startCuttingProxy(inject('postgresPort'));
    const worker = await openPostgresProcess(database, { port: proxy.port });
    await worker.terminate();
    for (const text of ['strict_fifo_heads', 'ROLLBACK']) {
      proxy.watch = cutAt('BEFORE', 'BEGIN', text);
      await expect(worker.queue.take(1)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    }
    proxy.watch = () => passAll;
    await submit(api, 'acme', 'e');
    expect(await worker.queue.take(1)).toHaveLength(1);
  });

  it('stays small: what is done is deleted, and its room is used again', async () => {
    const ledgers = ['a', 'b', 'c', 'd'];
    const { database, api } = await openWithLedgers(...ledgers);
    const sizes: number[] = [];
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 40; i++) {
        await Promise.all(ledgers.map((ledger) => submit(api, ledger, `${round}-${i}`)));
        if (i % 10 === 9) await api.recordAll();
      }
      await passTime(database, `${2 * (round + 1)} minutes`);
      await api.boss.supervise(TEST_QUEUE);
      sizes.push(await vacuumedPages(database));
    }
    const jobs = await asSuperuserOf(database, (client) => client.query('SELECT FROM pgboss.job'));
    expect(jobs.rowCount).toBe(0);
    // Five times the work, and indexes that settle.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * sizes[0]!);
    for (const ledger of ledgers) {
      expect(await recordedIds(api, ledger)).toHaveLength(200);
      await expectIntact(api, ledger);
    }
  });

  it('is vacuumed by the count of its dead rows, not by their share', async () => {
    const database = await createDatabase();
    const { rows } = await asSuperuserOf(database, (client) =>
      client.query<{ reloptions: readonly string[] }>(
        `SELECT reloptions FROM pg_class
         WHERE oid IN ('pgboss.job_common'::regclass, 'batch_payload'::regclass)`,
      ),
    );
    for (const { reloptions } of rows) {
      expect(reloptions).toEqual(
        expect.arrayContaining(['autovacuum_vacuum_scale_factor=0', 'autovacuum_vacuum_threshold=1000']),
      );
    }
    expect(rows).toHaveLength(2);
  });

  it('keeps the lines of a batch exactly as long as its job', async () => {
    const { database, api } = await openWithLedgers('acme');
    const payloads = async (): Promise<number | null> =>
      (await asSuperuserOf(database, (client) => client.query('SELECT FROM batch_payload'))).rowCount;
    await api.intake.accept({ ledger: 'acme', events: makeEvents('e', 3), settle: false });
    const batch = await only(api);
    await api.queue.retry(batch, systemClock() - 1, 'because');
    expect(await payloads()).toBe(1);
    await complete(api, await only(api));
    expect(await payloads()).toBe(0);
  });
});

/** Pages of the queue's tables and their indexes after a vacuum. */
async function vacuumedPages(database: TestDatabase): Promise<number> {
  return await asSuperuserOf(database, async (client) => {
    await client.query('VACUUM pgboss.job_common');
    await client.query('VACUUM batch_payload');
    const { rows } = await client.query<{ pages: number }>(
      `SELECT sum(pg_total_relation_size(oid) / 8192)::int AS pages FROM pg_class
       WHERE oid IN ('pgboss.job_common'::regclass, 'batch_payload'::regclass)`,
    );
    return rows[0]!.pages;
  });
}

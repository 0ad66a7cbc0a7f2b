import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { Acceptance, Settlement, SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { createBoss } from '#server/storage/postgres/boss.ts';
import {
  createPostgresIntake,
  type PostgresIntake,
  type PostgresIntakeOptions,
} from '#server/storage/postgres/intake.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { openPool, type PostgresPool } from '#server/storage/postgres/open.ts';
import { createPendingEvents } from '#server/storage/postgres/pending-events.ts';
import { codeOf, makeEvent, makeEvents, outcomes } from '#test/support/ledger-fixture.ts';
import { type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';
import { makeTemplate, TEST_QUEUE } from '#test/support/postgres-server.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { NOW } from '#test/support/storage-under-test.ts';

interface Process {
  readonly name: string;
  readonly pool: PostgresPool;
  readonly intake: PostgresIntake;
  readonly failures: unknown[];
}

let processes = 0;

/** A process that accepts. */
async function openIntake(
  { url }: TestDatabase,
  options: Partial<PostgresIntakeOptions> = {},
): Promise<Process> {
  const name = `intake ${(processes += 1)}`;
  const pool = openPool(url, { max: 4, name });
  const boss = createBoss(pool, { queueName: TEST_QUEUE, maintains: false, onError: () => undefined });
  await boss.start();
  const failures: unknown[] = [];
  const intake = createPostgresIntake({
    pool,
    boss,
    queueName: TEST_QUEUE,
    now: () => NOW,
    refusal: () => null,
    onQueued: () => undefined,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  onTestFinished(async () => {
    await boss.stop({ close: false, graceful: false });
    await pool.end();
  });
  return { name, pool, intake, failures };
}

async function openDatabase(port?: number): Promise<TestDatabase> {
  const database = await createDatabase(port);
  const pool = openPool(database.url, { max: 1, name: 'catalog' });
  for (const id of ['acme', 'other']) {
    await createPostgresLedgerCatalog(pool, sha256).create({
      id,
      name: null,
      origin: `o/${id}`,
      vkey: `v/${id}`,
      createdAt: NOW,
    });
  }
  await pool.end();
  return database;
}

/** Someone who sees and may do everything. */
async function openSuperuser({ superuserUrl }: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: superuserUrl });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** The lines in the queue, in order; each batch has its job, and each job its batch. */
async function queuedLines(superuser: pg.Client): Promise<readonly string[]> {
  const { rows } = await superuser.query<{ payload: string | null; job: string | null }>(
    `SELECT b.payload, j.id AS job FROM pgboss.job j FULL JOIN batch_payload b ON b.job_id = j.id
     ORDER BY j.created_on, j.id`,
  );
  for (const { payload, job } of rows) expect([payload, job]).not.toContain(null);
  return rows.flatMap(({ payload }) => payload!.split('\n'));
}

const accept = (
  { intake }: Process,
  events: readonly SubmittedEvent[],
  ledger = 'acme',
): Promise<Acceptance> => intake.accept({ ledger, events, settle: false });

const acceptAll = async (process: Process, events: readonly SubmittedEvent[]): Promise<readonly string[]> =>
  outcomes((await accept(process, events)).admissions);

/** Waits until so many connections of a process are in a statement that waits as `event` says. */
async function untilWaiting(superuser: pg.Client, { name }: Process, event: string): Promise<void> {
  const waiting = async (): Promise<unknown[]> =>
    (
      await superuser.query(
        `SELECT pid FROM pg_stat_activity
         WHERE application_name = $1 AND $2 IN (wait_event, wait_event_type)`,
        [name, event],
      )
    ).rows;
  await expect.poll(waiting, { timeout: 10_000, interval: 5 }).not.toHaveLength(0);
}

async function terminate(superuser: pg.Client, { name }: Process): Promise<void> {
  await superuser.query(
    'SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1',
    [name],
  );
}

describe('two processes that accept at the same time', () => {
  it('accept each id exactly once, whatever the order they come in', async () => {
    const database = await openDatabase();
    const both = [await openIntake(database), await openIntake(database)];
    const random = new SeededRandom(3);
    const accepted: string[] = [];
    for (let round = 0; round < 30; round++) {
      const events = makeEvents(`${round}-`, 60);
      const sent = Array.from({ length: 8 }, (_, i) => {
        const shuffled = events.toSorted(() => random.fraction() - 0.5).slice(0, 40);
        return accept(both[i % 2]!, shuffled).then(({ admissions }) => {
          for (const [at, { outcome }] of admissions.entries()) {
            expect(outcome).not.toBe('CONFLICT');
            if (outcome === 'ACCEPTED') accepted.push(shuffled[at]!.line);
          }
        });
      });
      await Promise.all(sent);
    }
    const lines = await queuedLines(await openSuperuser(database));
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.toSorted()).toEqual(accepted.toSorted());
    expect(both.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('accept one of two contents under one id, and call the other one a conflict', async () => {
    const database = await openDatabase();
    const [a, b] = [await openIntake(database), await openIntake(database)];
    for (let round = 0; round < 20; round++) {
      const id = `e${round}`;
      const sent = [acceptAll(a, [makeEvent(id)]), acceptAll(b, [makeEvent(id, 'something else')])];
      expect((await Promise.all(sent)).flat().toSorted()).toEqual(['ACCEPTED', 'CONFLICT']);
    }
    expect(await queuedLines(await openSuperuser(database))).toHaveLength(20);
  });

  it('share one limit: what the other one queued counts before anyone is refused', async () => {
    const database = await openDatabase();
    let now = NOW;
    const limits = { queueEventsMax: 4, now: () => now };
    const [a, b] = [await openIntake(database, limits), await openIntake(database, limits)];
    await accept(a, makeEvents('a', 1));
    await accept(b, makeEvents('b', 2));
    expect(await codeOf(accept(b, makeEvents('c', 2)))).toBe('QUEUE_FULL');
    // What b queued is news to a after a second at the latest.
    now += 1000;
    expect(await acceptAll(a, makeEvents('b', 2))).toEqual(['DUPLICATE', 'DUPLICATE']);
    expect(await codeOf(accept(a, makeEvents('c', 2)))).toBe('QUEUE_FULL');
    expect(await acceptAll(a, makeEvents('c', 1))).toEqual(['ACCEPTED']);
    expect(await queuedLines(await openSuperuser(database))).toHaveLength(4);
  });

  it('try again when the database ends a transaction because of a deadlock', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const [stranger, superuser] = [await openSuperuser(database), await openSuperuser(database)];
    const take = (id: string) =>
      stranger.query("INSERT INTO idempotency_key SELECT no, $1, '' FROM ledger WHERE id = 'acme'", [id]);
    await stranger.query("SET deadlock_timeout = '60s'");
    await stranger.query('BEGIN');
    await take('b');
    const sent = acceptAll(process, [makeEvent('b'), makeEvent('a')]);
    await untilWaiting(superuser, process, 'Lock');
    await take('a');
    await stranger.query('ROLLBACK');
    expect(await sent).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect(process.failures).toEqual([]);
  });
});

describe('what is accepted', () => {
  it('keeps ids apart that differ in anything, and knows them again in another process', async () => {
    const database = await openDatabase();
    const [a, b] = [await openIntake(database), await openIntake(database)];
    const ids = [
      ...['\u0000', '\u00000', '\u0010', '\u00100', '\u0010\u0010', '\u0010\u0000', '0', '\u0000\u0000'],
      ...['{a,b}', '"a"', "'", '\\', '\\u0000', 'NULL', '', ' ', '\u00a0', '\ufeff', '%', '$1', '--'],
      ...['a', 'A', 'á', 'a\u0301', 'ß', 'ss', 'ﬁ', 'fi', 'İ', 'ı', '\u{1f600}', '\u202e', '\ud7ff\ue000'],
      ...['a\tb', 'a\nb', 'a\r\nb', 'x'.repeat(1024), '漢'.repeat(800), `${'x'.repeat(1023)}y`],
    ].filter((id) => id !== '');
    const events = ids.map((id) => makeEvent(id));
    expect(await acceptAll(a, events)).toEqual(ids.map(() => 'ACCEPTED'));
    expect(await acceptAll(b, events)).toEqual(ids.map(() => 'DUPLICATE'));
    expect(await acceptAll(b, [makeEvent('\u0000', 'another')])).toEqual(['CONFLICT']);
    expect(await queuedLines(await openSuperuser(database))).toEqual(events.map(({ line }) => line));
  });

  it('does not suffer from what cannot be kept and was sent at the same time', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const good = ['a', 'b', 'c'].map((id) => acceptAll(process, [makeEvent(id)]));
    const poison = accept(process, [{ ...makeEvent('poison'), line: 'half a \u0000 line' }]);
    const after = acceptAll(process, [makeEvent('d')]);
    await expect(poison).rejects.toThrow();
    expect((await Promise.all([...good, after])).flat()).toEqual(Array(4).fill('ACCEPTED'));
    expect(await acceptAll(process, [makeEvent('poison')])).toEqual(['ACCEPTED']);
    expect(await queuedLines(await openSuperuser(database))).toHaveLength(5);
  });

  it('gets a later turn the more of its ledger waits', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    for (let i = 0; i < 3; i++) await accept(process, makeEvents(`${i}-`, 600));
    await Promise.all([accept(process, makeEvents('3-', 600)), accept(process, makeEvents('4-', 600))]);
    await accept(process, makeEvents('o', 1), 'other');
    const { rows } = await (await openSuperuser(database)).query(
      'SELECT priority, data, singleton_key FROM pgboss.job ORDER BY created_on, id',
    );
    expect(rows.map(({ priority }) => priority)).toEqual([0, -1, -2, -3, -4, 0]);
    for (const { data, singleton_key: key } of rows) expect(key).toBe(String(data.ledger));
    expect(rows.map(({ data }) => data.events)).toEqual([600, 600, 600, 600, 600, 1]);
  });
});

describe('a connection that breaks', () => {
  it('before the commit keeps nothing, and the next try is accepted', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const [stranger, superuser] = [await openSuperuser(database), await openSuperuser(database)];
    await stranger.query("BEGIN; INSERT INTO idempotency_key SELECT no, 'b', '' FROM ledger");
    const events = [makeEvent('a'), makeEvent('b'), makeEvent('c')];
    const sent = codeOf(accept(process, events));
    await untilWaiting(superuser, process, 'Lock');
    await terminate(superuser, process);
    expect(await sent).toBe('STORAGE_UNAVAILABLE');
    expect(process.failures).toMatchObject([{ code: 'STORAGE_UNAVAILABLE' }]);
    await stranger.query('ROLLBACK');
    expect(await acceptAll(process, events)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED']);
    expect(await queuedLines(superuser)).toHaveLength(3);
  });

  it('in the commit leaves the outcome open: nobody hears ACCEPTED, the next try hears DUPLICATE', async () => {
    const cluster = await openCluster();
    const database = await openDatabase(cluster.port);
    const process = await openIntake(database);
    const superuser = await openSuperuser(database);
    expect(await acceptAll(process, [makeEvent('before')])).toEqual(['ACCEPTED']);
    // Commits wait for a standby that never comes: committed here, and nobody is told.
    const standby = async (name: string): Promise<void> => {
      await superuser.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
      await superuser.query('SELECT pg_reload_conf()');
      const shown = async () => (await superuser.query('SHOW synchronous_standby_names')).rows;
      await expect.poll(shown).toEqual([{ synchronous_standby_names: name }]);
    };
    await standby('nobody');
    const sent = process.intake.accept({ ledger: 'acme', events: makeEvents('e', 3), settle: true });
    const heard = codeOf(sent);
    await untilWaiting(superuser, process, 'SyncRep');
    await terminate(superuser, process);
    expect(await heard).toBe('STORAGE_UNAVAILABLE');
    await standby('');
    expect((await accept(process, makeEvents('e', 3))).admissions).toEqual(
      Array(3).fill({ outcome: 'DUPLICATE', index: null }),
    );
    expect(await queuedLines(superuser)).toHaveLength(4);
  }, 60_000);

  it('with a killed database leaves every acknowledged event in the queue exactly once', async () => {
    const cluster = await openCluster();
    const database = await openDatabase(cluster.port);
    const both = [await openIntake(database), await openIntake(database)];
    const acknowledged = new Set<string>();
    const failed: SubmittedEvent[][] = [];
    for (let round = 0; round < 3; round++) {
      let killed = false;
      const send = async (process: Process, name: string): Promise<void> => {
        for (let i = 0; !killed; i++) {
          const events = makeEvents(`${round}-${name}-${i}-`, 50);
          try {
            const { admissions } = await accept(process, events);
            for (const [at, { outcome }] of admissions.entries()) {
              expect(outcome).toBe('ACCEPTED');
              acknowledged.add(events[at]!.line);
            }
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
            failed.push(events);
          }
        }
      };
      const before = acknowledged.size;
      const senders = both.flatMap((process, i) =>
        ['a', 'b', 'c'].map((name) => send(process, `${i}${name}`)),
      );
      await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(before + 1000);
      await cluster.kill();
      killed = true;
      await Promise.all(senders);
      await cluster.start();
    }
    for (const events of failed) {
      const { admissions } = await accept(both[0]!, events);
      // Whole or not at all.
      expect(new Set(outcomes(admissions)).size).toBe(1);
      for (const { line } of events) acknowledged.add(line);
    }
    const lines = await queuedLines(await openSuperuser(database));
    expect(lines.toSorted()).toEqual([...acknowledged].toSorted());
  }, 120_000);
});

/** A server of its own, which may be killed and does everything for its data. */
async function openCluster(): Promise<PostgresCluster> {
  const cluster = await startCluster();
  onTestFinished(() => cluster.remove());
  await makeTemplate(cluster);
  return cluster;
}

describe('whoever waits for events', () => {
  const recorded = (index: number): Settlement => ({ state: 'RECORDED', index });
  const wait = async ({ intake }: Process, ids: readonly string[]): Promise<readonly Settlement[]> => {
    const events = ids.map((id) => makeEvent(id));
    const { settled } = await intake.accept({ ledger: 'acme', events, settle: true });
    return (await settled) ?? [];
  };
  const hears = async (waiting: Promise<unknown>): Promise<boolean> =>
    await Promise.race([waiting.then(() => true), new Promise<false>((end) => setImmediate(end, false))]);
  const batchIds = async (superuser: pg.Client): Promise<readonly string[]> =>
    (await superuser.query('SELECT job_id FROM batch_payload ORDER BY job_id')).rows.map((row) => row.job_id);
  /** As a worker of another process does it; what matters here is only that the rows are there. */
  const record = async (superuser: pg.Client, ids: readonly string[]): Promise<void> => {
    for (const [index, id] of ids.entries()) {
      await superuser.query(
        `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash)
         SELECT no, $1, $2, '', 0, '', '' FROM ledger WHERE id = 'acme'`,
        [index, id],
      );
    }
    await superuser.query('DELETE FROM batch_payload');
    await superuser.query('DELETE FROM pgboss.job');
  };
  const quarantine = async (superuser: pg.Client, id: string, state: string): Promise<void> => {
    await superuser.query(
      `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
       SELECT no, $1, '', '', '', $2, 0 FROM ledger WHERE id = 'acme'`,
      [id, state],
    );
  };

  it('hears from another process by one number for a whole batch', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const superuser = await openSuperuser(database);
    const both = [wait(process, ['a', 'b', 'a']), wait(process, ['c', 'b'])];
    await expect.poll(() => batchIds(superuser)).toHaveLength(1);
    const [batchId] = await batchIds(superuser);
    await process.intake.recorded('acme', batchId!, 7);
    expect(await both[0]).toEqual([recorded(7), recorded(8), recorded(7)]);
    expect(await both[1]).toEqual([recorded(9), recorded(8)]);
  });

  it('is looked up when the number is not known', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const superuser = await openSuperuser(database);
    const waiting = wait(process, ['a\u0000', 'b', 'c']);
    await expect.poll(() => batchIds(superuser)).toHaveLength(1);
    const [batchId] = await batchIds(superuser);
    await process.intake.recorded('acme', batchId!, null);
    expect(await hears(waiting)).toBe(false);
    await quarantine(superuser, 'b', 'OPEN');
    await record(superuser, ['x', 'c', 'a\u00100']);
    await process.intake.recorded('acme', batchId!, null);
    expect(await waiting).toEqual([recorded(2), { state: 'QUARANTINED' }, recorded(1)]);
  });

  it('hears of events that another process accepted', async () => {
    const database = await openDatabase();
    const [a, b] = [await openIntake(database), await openIntake(database)];
    const superuser = await openSuperuser(database);
    await accept(a, [makeEvent('a'), makeEvent('b')]);
    const waiting = wait(b, ['b']);
    await b.intake.recorded('acme', '00000000-0000-7000-8000-000000000000', 5);
    expect(await hears(waiting)).toBe(false);
    await record(superuser, ['a', 'b']);
    await expect
      .poll(async () => {
        await b.intake.recorded('acme', '00000000-0000-7000-8000-000000000000', 5);
        return await hears(waiting);
      })
      .toBe(true);
    expect(await waiting).toEqual([recorded(1)]);
  });

  it('is looked up, when nobody told, from the second call on', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const superuser = await openSuperuser(database);
    const waiting = wait(process, ['a', 'b']);
    await expect.poll(() => batchIds(superuser)).toHaveLength(1);
    await record(superuser, ['a', 'b']);
    await process.intake.lookUp();
    await process.intake.lookUp();
    expect(await waiting).toEqual([recorded(0), recorded(1)]);
  });

  it('hears QUARANTINED of an event in quarantine, and waits for one that was put back', async () => {
    const database = await openDatabase();
    const process = await openIntake(database);
    const superuser = await openSuperuser(database);
    await accept(
      process,
      ['open', 'discarded', 'replayed'].map((id) => makeEvent(id)),
    );
    await record(superuser, []);
    for (const state of ['OPEN', 'DISCARDED', 'REPLAYED']) {
      await quarantine(superuser, state.toLowerCase(), state);
    }
    const ended = { state: 'QUARANTINED' };
    expect(await wait(process, ['open', 'discarded'])).toEqual([ended, ended]);
    const waiting = wait(process, ['replayed']);
    for (let i = 0; i < 3; i++) await process.intake.lookUp();
    expect(await hears(waiting)).toBe(false);
    await quarantine(superuser, 'replayed', 'OPEN');
    for (let i = 0; i < 3; i++) await process.intake.lookUp();
    expect(await waiting).toEqual([ended]);
    expect((await accept(process, [makeEvent('open')])).admissions).toEqual([
      { outcome: 'DUPLICATE', index: null },
    ]);
    expect(await acceptAll(process, [makeEvent('open', 'other')])).toEqual(['CONFLICT']);
  });

  it('hears an error when the process stops, after what was sent before is decided', async () => {
    const process = await openIntake(await openDatabase());
    const { settled } = await process.intake.accept({
      ledger: 'acme',
      events: [makeEvent('a')],
      settle: true,
    });
    const onItsWay = acceptAll(process, [makeEvent('b')]);
    await process.intake.stop();
    expect(await onItsWay).toEqual(['ACCEPTED']);
    await expect(settled).rejects.toThrow(new AppError('APPLIANCE_STOPPING').message);
    expect(await codeOf(accept(process, [makeEvent('c')]))).toBe('APPLIANCE_STOPPING');
  });

  it('misses nothing that is told before the commit has been heard of', async () => {
    const pending = createPendingEvents();
    const event = (eventId: string) => ({ eventId, digest: '' as Hash, line: '' });
    const events = ['a', 'b', 'c'].map(event);
    const waiting = pending.expect({ ledger: 'acme', events, settle: true });
    pending.settle('acme', [
      ['a', recorded(1)],
      ['b', recorded(2)],
    ]);
    expect(await hears(waiting.settled)).toBe(false);
    pending.decide(waiting, [{ state: 'QUEUED' }, { state: 'NONE' }, recorded(3)]);
    expect(await waiting.settled).toEqual([recorded(1), { state: 'NONE' }, recorded(3)]);
    expect([...pending.overdue(), ...pending.overdue()]).toEqual([]);
  });

  it('is forgotten with a submission that was not kept', async () => {
    const pending = createPendingEvents();
    const events = [{ eventId: 'a', digest: '' as Hash, line: '' }];
    const [first, second] = [1, 2].map(() => pending.expect({ ledger: 'acme', events, settle: true }));
    pending.drop(first!);
    pending.overdue();
    expect([...pending.overdue()]).toEqual([['acme', ['a']]]);
    pending.drop(second!);
    expect([...pending.overdue()]).toEqual([]);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import type { SubmittedEvent } from '#server/ports/intake.ts';
import {
  accept,
  acceptAll,
  type AcceptingProcess,
  openDatabase,
  openIntake,
  openSuperuser,
  queuedLines,
  terminate,
  untilWaiting,
} from '#test/support/accepting-process.ts';
import { codeOf, makeEvent, makeEvents, outcomes } from '#test/support/ledger-fixture.ts';
import { type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { makeTemplate } from '#test/support/postgres-server.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { NOW } from '#test/support/storage-under-test.ts';

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
      ['\u0000', '\u00000', '\u0010', '\u00100', '\u0010\u0010', '\u0010\u0000', '0', '\u0000\u0000'],
      ['{a,b}', '"a"', "'", '\\', '\\u0000', 'NULL', ' ', '\u00a0', '\ufeff', '%', '$1', '--'],
      ['a', 'A', 'á', 'a\u0301', 'ß', 'ss', 'ﬁ', 'fi', 'İ', 'ı', '\u{1f600}', '\u202e', '\ud7ff\ue000'],
      ['a\tb', 'a\nb', 'a\r\nb', 'x'.repeat(1024), '漢'.repeat(800), `${'x'.repeat(1023)}y`],
    ].flat();
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
    // Too long for the index of ids, and nothing in it repeats.
    const tooLong = Array.from({ length: 4000 }, (_, i) =>
      String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000)),
    );
    const poison = accept(process, [makeEvent(tooLong.join(''))]);
    const after = acceptAll(process, [makeEvent('d')]);
    await expect(poison).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect((await Promise.all([...good, after])).flat()).toEqual(Array(4).fill('ACCEPTED'));
    expect(await queuedLines(await openSuperuser(database))).toHaveLength(4);
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

  it('in the commit leaves it open: nobody hears ACCEPTED, and the next try hears DUPLICATE', async () => {
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
    for (const admission of (await accept(process, makeEvents('e', 3))).admissions) {
      expect(admission).toEqual({ outcome: 'DUPLICATE', index: null });
    }
    expect(await queuedLines(superuser)).toHaveLength(4);
  }, 60_000);

  it('with a killed database leaves every acknowledged event in the queue exactly once', async () => {
    const cluster = await openCluster();
    const database = await openDatabase(cluster.port);
    const both = [await openIntake(database), await openIntake(database)];
    const acknowledged = new Set<string>();
    const failed: SubmittedEvent[][] = [];
    for (let round = 0; round < 3; round++) {
      const killed = new AbortController();
      const send = async (process: AcceptingProcess, name: string): Promise<void> => {
        for (let i = 0; !killed.signal.aborted; i++) {
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
      killed.abort();
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

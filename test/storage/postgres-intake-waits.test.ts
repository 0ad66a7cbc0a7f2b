import type { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { Settlement } from '#server/ports/intake.ts';
import { createPendingEvents } from '#server/storage/postgres/pending-events.ts';
import {
  accept,
  acceptAll,
  type AcceptingProcess,
  openDatabase,
  openIntake,
  openSuperuser,
} from '#test/support/accepting-process.ts';
import { codeOf, makeEvent, openWithLedgers, recordAll } from '#test/support/ledger-fixture.ts';
import { openPostgresStorage, type PostgresStorage } from '#test/support/postgres-storage.ts';

describe('whoever waits for events', () => {
  const recorded = (index: number): Settlement => ({ state: 'RECORDED', index });
  const wait = async (
    { intake }: AcceptingProcess,
    ids: readonly string[],
  ): Promise<readonly Settlement[]> => {
    const events = ids.map((id) => makeEvent(id));
    const { settled } = await intake.accept({ ledger: 'acme', events, settle: true });
    return (await settled) ?? [];
  };
  const hears = async (waiting: Promise<unknown>): Promise<boolean> =>
    await Promise.race([waiting.then(() => true), new Promise<false>((end) => setImmediate(end, false))]);
  const batchIds = async (superuser: Client): Promise<readonly string[]> =>
    (await superuser.query('SELECT job_id FROM batch_payload ORDER BY job_id')).rows.map((row) => row.job_id);
  /** As a worker of another process does it; what matters here is only that the rows are there. */
  const record = async (superuser: Client, ids: readonly string[]): Promise<void> => {
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
  const quarantine = async (superuser: Client, id: string, state: string): Promise<void> => {
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

  it('hears from a worker of another process, by the number and by looking', async () => {
    const storage = await openWithLedgers(openPostgresStorage, ['acme']);
    const worker = await (storage as PostgresStorage).another();
    const { intake } = storage as PostgresStorage;
    const send = async (ids: readonly string[]) =>
      await intake.accept({ ledger: 'acme', events: ids.map((id) => makeEvent(id)), settle: true });
    const first = await send(['a', 'b']);
    const [batch] = await worker.queue.take(1);
    await worker.queue.release(batch!);
    await recordAll(worker);
    await intake.recorded('acme', batch!.id, 0);
    expect(await first.settled).toEqual([recorded(0), recorded(1)]);
    const second = await send(['b', 'c']);
    await recordAll(worker);
    for (let i = 0; i < 2; i++) await intake.lookUp();
    expect(await second.settled).toEqual([recorded(1), recorded(2)]);
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

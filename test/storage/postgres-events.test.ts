import { type Client, escapeIdentifier } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createPostgresLedgerEvents,
  type PostgresLedgerEvents,
} from '#server/storage/postgres/ledger-events.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres-database.ts';
import { connectAsSuperuser, plantLedger, plantRecords } from '#test/support/postgres-rows.ts';
import { createVirtualTime, type VirtualTime } from '#test/support/virtual-time.ts';

interface OpenEvents {
  readonly events: PostgresLedgerEvents;
  readonly time: VirtualTime;
  readonly errors: readonly unknown[];
}

async function openEvents(url: string, name = 'events'): Promise<OpenEvents> {
  const time = createVirtualTime();
  const errors: unknown[] = [];
  const { startTimer } = time;
  const events = createPostgresLedgerEvents({
    url,
    name,
    startTimer,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => events.stop());
  await events.listening;
  return { events, time, errors };
}

async function connect({ superuserUrl }: TestDatabase): Promise<Client> {
  const superuser = await connectAsSuperuser(superuserUrl);
  onTestFinished(() => superuser.end());
  return superuser;
}

/** What a callback was given, and a way to wait for the next time it is called. */
function listenTo<Heard = undefined>() {
  const heard: Heard[] = [];
  let next = Promise.withResolvers<void>();
  return {
    heard,
    callback: (news: Heard): void => {
      heard.push(news);
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    untilHeard: async (count: number): Promise<void> => {
      while (heard.length < count) await next.promise;
    },
  };
}

/** Resolves when what was announced before has come through. */
async function untilThrough(from: PostgresLedgerEvents, to: PostgresLedgerEvents): Promise<void> {
  const { callback, untilHeard } = listenTo();
  const end = to.onTokenChanged(() => callback(undefined));
  from.announceTokenChanged();
  await untilHeard(1);
  end();
}

const GROWTH = { ledger: 'a', batchId: 'batch-1', firstIndex: 7, size: 9 } as const;

describe('news between processes', () => {
  it('reach every other process, each whoever listens for it', async () => {
    const { url } = await createDatabase();
    const [{ events: here }, { events: there }] = [await openEvents(url), await openEvents(url)];
    const [growth, other, checkpoint, queued] = [listenTo(), listenTo(), listenTo(), listenTo()];
    const recorded = listenTo<object>();
    there.onGrowth('a', () => growth.callback(undefined));
    there.onGrowth('b', () => other.callback(undefined));
    there.onCheckpoint('a', () => checkpoint.callback(undefined));
    there.onQueued(() => queued.callback(undefined));
    there.onRecorded(recorded.callback);
    here.announceGrowth(GROWTH);
    here.announceGrowth({ ledger: 'a', batchId: null, firstIndex: null });
    here.announceCheckpoint('a');
    here.announceQueued();
    await untilThrough(here, there);
    expect([growth, other, checkpoint, queued].map(({ heard }) => heard.length)).toEqual([2, 0, 1, 1]);
    expect(recorded.heard).toEqual([GROWTH]);
  });

  it('wake listeners of the same process at once, tell nothing twice, and end when ended', async () => {
    const { url } = await createDatabase();
    const [{ events: here }, { events: there }] = [await openEvents(url), await openEvents(url)];
    const [growth, queued, recorded] = [listenTo(), listenTo(), listenTo<object>()];
    const end = here.onGrowth('a', () => growth.callback(undefined));
    here.onQueued(() => queued.callback(undefined));
    here.onRecorded(recorded.callback);
    here.announceGrowth(GROWTH);
    here.announceGrowth(GROWTH);
    expect(growth.heard).toHaveLength(1);
    here.announceQueued();
    await untilThrough(here, there);
    await untilThrough(there, here);
    end();
    here.announceGrowth({ ...GROWTH, size: 10 });
    expect([growth, queued, recorded].map(({ heard }) => heard.length)).toEqual([1, 0, 0]);
  });

  it('that come while a statement is under way share the next one', async () => {
    const database = await createDatabase();
    const superuser = await connect(database);
    const [{ events: here }, { events: there }] = [
      await openEvents(database.url),
      await openEvents(database.url),
    ];
    const recorded = listenTo<{ readonly firstIndex: number | null }>();
    there.onRecorded(recorded.callback);
    const statements = async (): Promise<number> => {
      await superuser.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await superuser.query<{ count: number }>(
        'SELECT xact_commit::int AS count FROM pg_stat_database WHERE datname = current_database()',
      );
      return rows[0]?.count ?? 0;
    };
    const before = await statements();
    for (let index = 0; index < 2000; index += 1) {
      here.announceGrowth({ ledger: 'a', batchId: `batch-${index}`, firstIndex: index });
      here.announceQueued();
    }
    await recorded.untilHeard(2000);
    expect(recorded.heard.map(({ firstIndex }) => firstIndex)).toEqual(
      Array.from({ length: 2000 }, (_, i) => i),
    );
    await here.stop();
    expect((await statements()) - before).toBeLessThan(20);
  });

  it('never fail whoever announces them, and nobody minds what others notify', async () => {
    const database = await createDatabase();
    const superuser = await connect(database);
    const { events, errors } = await openEvents(database.url);
    const queued = listenTo();
    events.onQueued(() => queued.callback(undefined));
    for (const text of ['', 'nonsense', 'null', '[]', '{"type":"growth"}', '{"type":"queued"}']) {
      await superuser.query('SELECT pg_notify($1, $2)', ['indelible', text]);
    }
    await queued.untilHeard(1);
    await shutOut(superuser, database);
    events.announceQueued();
    events.announceCheckpoint('a');
    await events.stop();
    expect(errors.length).toBeGreaterThan(0);
  });
});

describe('a listener whose connection breaks', () => {
  it('connects again, waiting longer each time, and wakes everybody then', async () => {
    const database = await createDatabase();
    const superuser = await connect(database);
    const { events, time } = await openEvents(database.url);
    const [growth, queued] = [listenTo(), listenTo()];
    await shutOut(superuser, database);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) waits.push(await time.passToNextTimer());
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    events.onQueued(() => queued.callback(undefined));
    await time.untilWaiting();
    await superuser.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(database.name)} TO PUBLIC`);
    events.onGrowth('a', () => growth.callback(undefined));
    while (queued.heard.length === 0) {
      await time.passToNextTimer();
      await Promise.race([queued.untilHeard(1), time.untilWaiting()]);
    }
    expect(growth.heard.length).toBeGreaterThan(0);
    // And the wait starts small again.
    const { events: there } = await openEvents(database.url, 'there');
    await untilThrough(there, events);
  });
});

describe('the poll beside the news', () => {
  it('finds growth and checkpoints that nobody announced, for those who listen', async () => {
    const database = await createDatabase();
    const superuser = await connect(database);
    const no = await plantLedger(superuser, 'a', 1);
    await plantLedger(superuser, 'b', 1);
    const { events, time } = await openEvents(database.url);
    const [growth, other, checkpoint] = [listenTo(), listenTo(), listenTo()];
    events.onGrowth('a', () => growth.callback(undefined));
    events.onCheckpoint('a', () => checkpoint.callback(undefined));
    events.onGrowth('b', () => other.callback(undefined));
    expect(await time.passToNextTimer()).toBe(1000);
    await time.untilWaiting();
    // The first look wakes once: somebody may have come after the last news.
    expect([growth, other, checkpoint].map(({ heard }) => heard.length)).toEqual([1, 1, 1]);
    await plantRecords(superuser, no, 1);
    await time.passToNextTimer();
    await time.untilWaiting();
    expect([growth, other, checkpoint].map(({ heard }) => heard.length)).toEqual([2, 1, 1]);
    await superuser.query("INSERT INTO checkpoint VALUES ($1, 2, '', 'note', 1)", [no]);
    await time.passToNextTimer();
    await time.untilWaiting();
    expect([growth, other, checkpoint].map(({ heard }) => heard.length)).toEqual([2, 1, 2]);
  });

  it('asks nothing when nobody listens, and stops when the last one leaves', async () => {
    const { url } = await createDatabase();
    const { events, time } = await openEvents(url);
    expect(time.timersWaiting()).toBe(0);
    const ends = [events.onGrowth('a', () => undefined), events.onCheckpoint('b', () => undefined)];
    expect(time.timersWaiting()).toBe(1);
    for (const end of ends) end();
    expect(time.timersWaiting()).toBe(0);
  });

  it('goes on after an outage', async () => {
    const database = await createDatabase();
    const superuser = await connect(database);
    await plantLedger(superuser, 'a', 1);
    const { events, time, errors } = await openEvents(database.url);
    const growth = listenTo();
    await superuser.query('ALTER TABLE head RENAME TO hidden');
    events.onGrowth('a', () => growth.callback(undefined));
    await time.passToNextTimer();
    await time.untilWaiting();
    expect([errors.length, growth.heard.length]).toEqual([1, 0]);
    await superuser.query('ALTER TABLE hidden RENAME TO head');
    await time.passToNextTimer();
    await growth.untilHeard(1);
  });
});

/** Cuts every other connection; new ones are refused. */
async function shutOut(superuser: Client, { name }: TestDatabase): Promise<void> {
  await superuser.query(`REVOKE CONNECT ON DATABASE ${escapeIdentifier(name)} FROM PUBLIC, indelible_app`);
  await superuser.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

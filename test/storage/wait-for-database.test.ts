import { createServer } from 'node:net';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import {
  checkDatabaseUrl,
  refuseOldVersion,
  waitForDatabase,
} from '#server/storage/postgres/wait-for-database.ts';
import { asSuperuser, type PostgresCluster, startCluster } from '#test/support/postgres-cluster.ts';
import { createVirtualTime } from '#test/support/virtual-time.ts';

const PASSWORD = 'open:sesame@42';

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startCluster({ settings: ['fsync = off'] });
  await asSuperuser(cluster, 'postgres', [`CREATE ROLE guarded LOGIN PASSWORD '${PASSWORD}'`]);
  // The first line that fits decides.
  const file = join(cluster.dataDir, 'pg_hba.conf');
  const rules = readFileSync(file, 'utf8');
  writeFileSync(file, 'host all guarded 127.0.0.1/32 scram-sha-256\nhost all outcast 127.0.0.1/32 reject\n');
  appendFileSync(file, rules);
  await asSuperuser(cluster, 'postgres', ['SELECT pg_reload_conf()']);
}, 60_000);

afterAll(() => cluster.remove());

/** A wait under way, in a time that the test moves. */
function startWaiting(url: string) {
  const time = createVirtualTime();
  const told: (string | null)[] = [];
  const stopping = new AbortController();
  const done = waitForDatabase({
    url,
    setting: 'DATABASE_URL',
    startTimer: time.startTimer,
    signal: stopping.signal,
    tell: (reason) => told.push(reason),
  });
  const ended = done.then(
    () => null,
    (error: unknown) => error,
  );
  onTestFinished(async () => {
    stopping.abort(new AppError('APPLIANCE_STOPPING'));
    await ended;
  });
  return { time, told, stopping, done, ended };
}

const guarded = (password: string): string =>
  `postgresql://guarded:${encodeURIComponent(password)}@127.0.0.1:${cluster.port}/postgres`;

describe('waiting for the database', () => {
  it('is over at once, without a word, where it is there', async () => {
    const { told, done, time } = startWaiting(cluster.url('postgres'));
    await done;
    expect([told, time.timersWaiting()]).toEqual([[], 0]);
    await startWaiting(guarded(PASSWORD)).done;
  });

  it('goes on when the server starts, and waits longer each time until then', async () => {
    await cluster.stop();
    const { time, told, done } = startWaiting(cluster.url('postgres'));
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) waits.push(await time.passToNextTimer());
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    await time.untilWaiting();
    await cluster.start();
    await time.passToNextTimer();
    await done;
    const place = `The database at 127.0.0.1:${cluster.port} (DATABASE_URL)`;
    expect(told).toEqual([`${place} cannot be reached: nothing listens there (ECONNREFUSED).`, null]);
  });

  it.each([
    ['a wrong password', () => guarded('wrong'), 'refuses the password of "guarded"'],
    ['no password', () => guarded(''), 'wants a password of "guarded", and DATABASE_URL has none'],
    [
      'a user that pg_hba.conf refuses',
      () => cluster.url('postgres').replace('indelible_app', 'outcast'),
      'does not let "outcast" in: it lacks the user, or pg_hba.conf an entry for it',
    ],
    [
      'an unknown user',
      () => cluster.url('postgres').replace('indelible_app', 'nobody'),
      'does not let "nobody" in: it lacks the user, or pg_hba.conf an entry for it',
    ],
    ['a missing database', () => cluster.url('nowhere'), 'has no database "nowhere"'],
  ])('says what is wrong with %s, once, and not the password', async (_case, url, problem) => {
    const { time, told } = startWaiting(url());
    for (let attempt = 0; attempt < 3; attempt += 1) await time.passToNextTimer();
    await time.untilWaiting();
    expect(told).toEqual([`The database at 127.0.0.1:${cluster.port} (DATABASE_URL) ${problem}.`]);
    expect(told.join()).not.toContain('wrong');
  });

  it('tells of every new reason, tries soon again then, and goes on when all is mended', async () => {
    await asSuperuser(cluster, 'postgres', ["ALTER ROLE guarded PASSWORD 'another'"]);
    const { time, told, done } = startWaiting(guarded(PASSWORD).replace('/postgres', '/made_later'));
    expect([await time.passToNextTimer(), await time.passToNextTimer()]).toEqual([500, 1000]);
    await time.untilWaiting();
    await asSuperuser(cluster, 'postgres', [`ALTER ROLE guarded PASSWORD '${PASSWORD}'`]);
    expect(await time.passToNextTimer()).toBe(2000);
    expect(await time.untilWaiting()).toBe(500);
    await asSuperuser(cluster, 'postgres', ['CREATE DATABASE made_later']);
    await time.passToNextTimer();
    await done;
    expect(told.map((reason) => reason?.replace(/^.*\) /u, ''))).toEqual([
      'refuses the password of "guarded".',
      'has no database "made_later".',
      undefined,
    ]);
  });

  it('does not take a standby for a database, until it is promoted', async () => {
    const standby = await startCluster({ settings: ['fsync = off'], standbyOf: cluster });
    onTestFinished(() => standby.remove());
    const { time, told, done } = startWaiting(standby.url('postgres'));
    await time.untilWaiting();
    expect(told[0]).toMatch(/is a standby, which cannot be written\.$/u);
    await asSuperuser(standby, 'postgres', ['SELECT pg_promote()']);
    await time.passToNextTimer();
    await done;
  });

  it.each([
    ['while it pauses', true],
    ['while it connects', false],
  ])('ends at once when the process is told to stop %s', async (_case, isPausing) => {
    // Takes connections and says nothing.
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const silent = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { stopping, ended, time } = startWaiting(`postgresql://u@127.0.0.1:${isPausing ? 1 : silent}/d`);
    if (isPausing) await time.untilWaiting();
    stopping.abort(new AppError('APPLIANCE_STOPPING'));
    expect(await ended).toMatchObject({ code: 'APPLIANCE_STOPPING' });
    expect(time.timersWaiting()).toBe(0);
  });
});

describe('a setting that no waiting can help', () => {
  it.each([
    'nonsense',
    '127.0.0.1:5432/database',
    'mysql://user@127.0.0.1/database',
    'postgresql://user:se#cret@127.0.0.1/database',
    'postgresql://user:secret@127.0.0.1/data#base',
    'postgresql://user:secret@127.0.0.1:99999/database',
    'postgresql://user:secret@127.0.0.1/database?sslrootcert=/no/such/file',
  ])('is refused at once, and not shown: %s', async (url) => {
    const { ended, told } = startWaiting(url);
    const error = await ended;
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^DATABASE_URL /u),
    });
    expect(String(error)).not.toMatch(/secret|se#cret|nonsense/u);
    expect(told).toEqual([]);
  });

  it.each([
    'postgresql://127.0.0.1',
    'postgres://user:p%23%2F%3F%40@[::1]:5432/database?application_name=x',
    'postgresql:///database?host=/var/run/postgresql',
  ])('is not one like %s', (url) => {
    expect(() => checkDatabaseUrl(url, 'DATABASE_URL')).not.toThrow();
  });

  it('leads to a Postgres that is too old', () => {
    expect(() => refuseOldVersion(150_000, 'DATABASE_URL')).not.toThrow();
    expect(() => refuseOldVersion(140_023, 'DATABASE_URL')).toThrow(
      'DATABASE_URL leads to Postgres 14; version 15 or newer is needed.',
    );
  });
});

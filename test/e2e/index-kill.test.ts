import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type ChildServer, startChildServer } from '#test/support/child-server.ts';
import { createClient, type KillClient } from '#test/support/kill-client.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const TOKEN = 'index-kill-test-administrator-token';
const CLIENTS = 3;
/** What may be done to the index between two lives of the process. */
const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  nothing: () => undefined,
  'it is deleted': (file) => {
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
  },
  'it is cut in half': (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  'it is overwritten in the middle': (file) => {
    const { size } = statSync(file);
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.alloc(Math.floor(size / 3), 0xa5), 0, undefined, Math.floor(size / 3));
    closeSync(fd);
  },
  'it is no database any more': (file) => {
    // The log beside it would mend it.
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    const fd = openSync(file, 'r+');
    writeSync(fd, 'This is not a database at all.', 0);
    closeSync(fd);
  },
};

interface Answer {
  readonly data?: { records: { totalCount: number; indexedThrough: number } } | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

const QUERY = `query ($search: String) { records(search: $search, first: 5) { totalCount indexedThrough } }`;

async function ask(url: string, search: string): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY, variables: { search } }),
  });
  return (await response.json()) as Answer;
}

/** Searches until the server is gone. What is found of one client can only become more. */
async function searchUntilGone(server: ChildServer, unexpected: string[]): Promise<void> {
  const gone = new AbortController();
  void server.gone.then(() => gone.abort());
  let before = 0;
  while (!gone.signal.aborted) {
    // A connection that breaks is the kill.
    const answer = await ask(server.url, 'details.client:client-0').catch((): null => null);
    if (answer === null) continue;
    const code = answer.errors?.[0]?.extensions.code;
    if (code !== undefined && code !== 'INDEX_DAMAGED' && code !== 'STORAGE_UNAVAILABLE')
      unexpected.push(code);
    const { totalCount = before } = answer.data?.records ?? {};
    // While it is made anew an answer may cover fewer records, and says so: nothing here is that large.
    if (totalCount < before) unexpected.push(`${before} became ${totalCount}`);
    before = totalCount;
  }
}

async function metric(url: string, name: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text())?.[1]);
}

/** Lives of a process, each ended by SIGKILL under load; then one in which all is compared. */
async function liveAndDie(
  env: Readonly<Record<string, string>>,
  damages: readonly ((file: string) => void)[],
  file: string,
): Promise<{ server: ChildServer; clients: readonly KillClient[]; unexpected: string[] }> {
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    createClient(`client-${i}`, TOKEN, new SeededRandom(i + 1)),
  );
  const unexpected: string[] = [];
  for (const damage of damages) {
    const server = await startChildServer(env);
    const sending = clients.map((client) => client.sendUntilGone(server.url, server.gone));
    const searching = searchUntilGone(server, unexpected);
    // Until a segment was written, so that there is something to damage, and then into the middle of the
    // next.
    while (!((await metric(server.url, 'indelible_index_records')) > 0)) await delay(50);
    await delay(300);
    await server.kill();
    await Promise.all([...sending, searching]);
    damage(file);
  }
  const server = await startChildServer(env);
  onTestFinished(() => server.kill());
  for (const client of clients) await client.sendRest(server.url);
  return { server, clients, unexpected };
}

/** Everything that was acknowledged is found, no more and no less, and the index is whole. */
async function expectAllFound(server: ChildServer, clients: readonly KillClient[]): Promise<void> {
  const total = clients.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  const found = async (search: string) => (await ask(server.url, search)).data?.records;
  while ((await found(''))?.totalCount !== total) await delay(50);
  // Fewer than 1,024 are never due.
  while ((await metric(server.url, 'indelible_index_waiting_records')) >= 1024) await delay(50);
  for (const [i, client] of clients.entries()) {
    expect(await found(`details.client:client-${i}`)).toEqual({
      totalCount: client.acknowledged.size,
      indexedThrough: total - 1,
    });
    expect((await found(`"client ${i}" action:kill.test`))?.totalCount).toBe(client.acknowledged.size);
  }
  expect((await found('details.n:<10'))?.totalCount).toBe(10 * clients.length);
  expect((await found('-action:kill.test'))?.totalCount).toBe(0);
}

test('on SQLite the index survives kill -9 and every damage to its file, and says when it is made anew', {
  timeout: 120_000,
}, async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const env = { INDELIBLE_DATA_DIR: dataDir, INDELIBLE_ADMIN_TOKEN: TOKEN, LOG_LEVEL: 'info' };
  const { server, clients, unexpected } = await liveAndDie(
    env,
    Object.values(DAMAGES),
    join(dataDir, 'index.db'),
  );
  expect(unexpected).toEqual([]);
  await expectAllFound(server, clients);
  expect(server.logged()).toMatch(/A new search index was begun/);
});

test('on SQLite an index that is deleted or overwritten under the running appliance is made anew', {
  timeout: 120_000,
}, async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const env = { INDELIBLE_DATA_DIR: dataDir, INDELIBLE_ADMIN_TOKEN: TOKEN, LOG_LEVEL: 'info' };
  const file = join(dataDir, 'index.db');
  const { server, clients } = await liveAndDie(env, [() => undefined], file);
  await expectAllFound(server, clients);
  for (const name of ['it is deleted', 'it is overwritten in the middle']) {
    DAMAGES[name]?.(file);
    const more = createClient(`later-${name.length}`, TOKEN, new SeededRandom(name.length));
    const end = new AbortController();
    const sending = more.sendUntil(() => server.url, end.signal);
    while (more.acknowledged.size < 3000) await delay(20);
    end.abort();
    await sending;
    await more.sendRest(server.url);
    const search = `details.client:later-${name.length}`;
    for (;;) {
      const { data, errors = [] } = await ask(server.url, search);
      // Never a wrong answer: all of them, or an error that says to come again.
      if (data?.records.totalCount === more.acknowledged.size) break;
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(
        data?.records ? [] : [expect.stringMatching(/^(INDEX_DAMAGED|STORAGE_UNAVAILABLE)$/)],
      );
      await delay(100);
    }
  }
});

test('on Postgres the index survives kill -9', { timeout: 120_000 }, async () => {
  const { url } = await createDatabase();
  const env = {
    INDELIBLE_DATA_DIR: join(temporaryFolder(), 'data'),
    INDELIBLE_ADMIN_TOKEN: TOKEN,
    DATABASE_URL: url,
  };
  const { server, clients, unexpected } = await liveAndDie(env, [() => undefined, () => undefined], '');
  expect(unexpected).toEqual([]);
  await expectAllFound(server, clients);
});

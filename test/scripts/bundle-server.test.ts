import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDatabase } from '#test/support/postgres-database.ts';
import { makeServerBundle, type ServerBundle } from '#test/support/server-bundle.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** The bundle does everything that the sources do, with nothing of the project's within its reach. */

const TOKEN = 'bundle-administrator-token';
const JOB_MS = 20_000;
/** What a process needs of the environment that it is started from. */
const BARE = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };

let bundle: ServerBundle;
beforeAll(async () => {
  bundle = await makeServerBundle();
}, 120_000);
afterAll(() => bundle.remove());

interface RunningBundle {
  readonly url: string;
  graphql<Data = unknown>(query: string): Promise<Data>;
  stop(): Promise<number | null>;
}

async function start(env: Readonly<Record<string, string>>): Promise<RunningBundle> {
  const child = spawn(process.execPath, [join(bundle.folder, 'main.js')], {
    cwd: bundle.elsewhere,
    env: { ...BARE, PORT: '0', LOG_LEVEL: 'error', INDELIBLE_ADMIN_TOKEN: TOKEN, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = await readUrl(child);
  return {
    url,
    async graphql<Data>(query: string) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ query }),
      });
      const answer = (await response.json()) as { data: Data; errors?: unknown };
      expect(answer.errors).toBeUndefined();
      return answer.data;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      return child.exitCode;
    },
  };
}

async function readUrl(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  if (child.stdout === null) throw new Error('The process has no output to read.');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^Indelible is ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
    said.push(line);
  }
  throw new Error(`The server ended before it was ready: ${said.join('\n')}`);
}

async function ended(server: RunningBundle, field: string, id: string, members: string): Promise<unknown> {
  return await vi.waitFor(
    async () => {
      const data = await server.graphql<Readonly<Record<string, unknown>>>(
        `{ ${field}(id: "${id}") { state ${members} } }`,
      );
      expect(data[field]).toMatchObject({ state: 'DONE' });
      return data[field];
    },
    { timeout: JOB_MS, interval: 100 },
  );
}

describe.each(['SQLite', 'Postgres'])('the bundle, from an empty folder, on %s', (kind) => {
  it('records, searches, verifies, exports, serves its page, and stops', { timeout: 90_000 }, async () => {
    const env = kind === 'SQLite' ? {} : { DATABASE_URL: (await createDatabase()).ownerUrl };
    const dataDir = temporaryFolder();
    const server = await start({ INDELIBLE_DATA_DIR: dataDir, ...env });
    const events = [1, 2, 3].map((n) => `{ id: "e${n}", action: "a.b", actor: { id: "alice" } }`).join(', ');
    expect(
      await server.graphql(`mutation { recordEvents(events: [${events}], ack: CHECKPOINTED) { accepted } }`),
    ).toEqual({ recordEvents: { accepted: 3 } });

    await vi.waitFor(
      async () =>
        expect(
          await server.graphql('{ records(ledger: "default", search: "actor:alice") { totalCount } }'),
        ).toEqual({ records: { totalCount: 3 } }),
      { timeout: JOB_MS, interval: 100 },
    );

    const checked = await server.graphql<{ startVerification: { id: string } }>(
      'mutation { startVerification(ledger: "default") { id } }',
    );
    const { id } = checked.startVerification;
    expect(await ended(server, 'verification', id, 'checked breakCount')).toMatchObject({
      checked: 3,
      breakCount: 0,
    });

    const asked = await server.graphql<{ startExport: { id: string } }>(
      'mutation { startExport(ledger: "default", format: EVIDENCE) { id } }',
    );
    const exported = asked.startExport;
    await ended(server, 'export', exported.id, 'count');
    const headers = { authorization: `Bearer ${TOKEN}` };
    const pack = await fetch(`${server.url}/exports/${exported.id}`, { headers });
    const file = join(dataDir, 'a.evidence.zip');
    writeFileSync(file, Buffer.from(await pack.arrayBuffer()));

    const page = await fetch(`${server.url}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<script type="module"');

    expect(await server.stop()).toBe(0);
    const verified = spawnSync(process.execPath, [join(bundle.folder, 'indelible.js'), 'verify', file], {
      cwd: bundle.elsewhere,
      env: { ...BARE, INDELIBLE_DATA_DIR: dataDir },
      encoding: 'utf8',
    });
    expect(verified.stdout).toContain('3');
    expect(verified.status).toBe(0);
  });
});

it('has every thread that the server starts, and nothing of the project’s folder in it', () => {
  const names = readdirSync(bundle.folder);
  expect(names.filter((name) => name.endsWith('-thread.js'))).toHaveLength(5);
  const root = join(import.meta.dirname, '../..');
  const naming = names.filter(
    (name) => name.endsWith('.js') && readFileSync(join(bundle.folder, name), 'utf8').includes(root),
  );
  expect(naming).toEqual([]);
});

it('the command line of the bundle says its version, and says when it cannot run', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(bundle.folder, 'indelible.js'), ...args], {
      cwd: bundle.elsewhere,
      env: BARE,
      encoding: 'utf8',
    });
  const { version } = JSON.parse(readFileSync(join(bundle.folder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  expect(run('--version').stdout).toBe(`indelible ${version}\n`);
  expect(run('nothing').status).toBe(2);
});

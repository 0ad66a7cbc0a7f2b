import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DesktopOptions, runDesktop } from '#test/support/running-desktop.ts';
import { makeServerBundle, type ServerBundle } from '#test/support/server-bundle.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** What the shell does when its server ends, or cannot start. */

/** A machine with other work takes seconds for each start. */
const SLOW = { timeout: 180_000 };
const WAIT = { timeout: 60_000, interval: 20 };

let bundle: ServerBundle;
beforeAll(async () => {
  bundle = await makeServerBundle();
}, 120_000);
afterAll(() => bundle.remove());

const start = (options: Partial<DesktopOptions> = {}) => runDesktop({ server: bundle.folder, ...options });

const RECORD = (id: string): string =>
  `mutation { recordEvent(event: { id: "${id}", action: "a.b" }, ack: QUEUED) { outcome } }`;
const COUNT = '{ ledger(id: "default") { size } }';

describe('a server that ends', SLOW, () => {
  it('is started again where it was, and nothing acknowledged is lost', async () => {
    const desktop = await start({ restartDelaysMs: [10] });
    const { url } = await desktop.until('running');
    for (const id of ['a', 'b', 'c']) await desktop.graphql(RECORD(id));
    desktop.processes[0]?.kill('SIGKILL');
    await vi.waitFor(() => expect(desktop.processes).toHaveLength(2), WAIT);
    expect((await desktop.until('running')).url).toBe(url);
    await vi.waitFor(async () => expect(await desktop.graphql(COUNT)).toEqual({ ledger: { size: 3 } }), WAIT);
  });

  it('comes back to the place that the person was at', async () => {
    const desktop = await start({ restartDelaysMs: [10] });
    const { url } = await desktop.until('running');
    desktop.window().webContents.url = `${url}/#/search?ledger=default&q=a`;
    desktop.processes[0]?.kill('SIGKILL');
    await vi.waitFor(() => expect(desktop.processes).toHaveLength(2), WAIT);
    await desktop.until('running');
    await vi.waitFor(
      () => expect(desktop.window().webContents.url).toBe(`${url}/#/search?ledger=default&q=a`),
      WAIT,
    );
  });

  it('is not started for ever: then the page says so, and it can be tried again', async () => {
    const desktop = await start({ restartDelaysMs: [10, 10] });
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => expect(desktop.processes).toHaveLength(count), WAIT);
      await desktop.until('running');
      desktop.processes.at(-1)?.kill('SIGKILL');
      await vi.waitFor(() => expect(desktop.status()?.kind).not.toBe('running'), WAIT);
    }
    const failed = await desktop.until('failed');
    expect(failed).toMatchObject({ code: 'SERVER_CRASHED', where: desktop.dataDir });
    expect(desktop.window().webContents.url).toBe('indelible-app://shell/status.html');
    await desktop.ask(desktop.window(), 'retry');
    await desktop.until('running');
  });
});

describe('a folder that is chosen while the server restarts', SLOW, () => {
  it('is the one that is recorded in', async () => {
    const desktop = await start();
    await desktop.until('running');
    const other = join(desktop.home, 'other');
    desktop.answerOpenDialog([other]);
    const window = desktop.window();
    desktop.choose('Settings…');
    await vi.waitFor(() => expect(window.webContents.url).toContain('settings.html'), WAIT);
    await Promise.all([desktop.ask(window, 'retry'), desktop.ask(window, 'choose-data-dir')]);
    await desktop.until('running');
    desktop.choose('Settings…');
    await vi.waitFor(() => expect(window.webContents.url).toContain('settings.html'), WAIT);
    expect(await desktop.ask(window, 'settings')).toMatchObject({ dataDir: other });
    expect(existsSync(join(other, 'indelible.db'))).toBe(true);
  });
});

describe('an administrator’s token that was revoked', SLOW, () => {
  it('ends the session of the window, not the recording', async () => {
    const first = await start();
    await first.until('running');
    await first.graphql('mutation { revokeToken(id: "bootstrap-administrator") { id } }');
    await first.quit();
    const desktop = await start({ home: first.home });
    const { url } = await desktop.until('running');
    const { fake } = desktop.window().webContents;
    expect((await fake.request(`${url}/readyz`)).status).toBe(200);
    const headers = { 'content-type': 'application/json', 'x-indelible-csrf': '1' };
    const asked = await fake.request(`${url}/graphql`, { method: 'POST', headers, body: '{"query":"{a}"}' });
    expect(asked.status).toBe(401);
  });
});

describe('a server that cannot start', SLOW, () => {
  it('says who holds the folder, and starts once it is free', async () => {
    const holder = await start();
    const { url } = await holder.until('running');
    const desktop = await start({ home: holder.home });
    const failed = await desktop.until('failed');
    expect(failed).toMatchObject({ code: 'DATA_DIR_LOCKED', isRemote: false });
    expect(failed.message).toContain(`process ${holder.processes[0]?.pid}`);
    expect(failed.message).toContain(url);
    // What cannot get better by itself is not tried again and again.
    expect(desktop.processes).toHaveLength(1);
    await holder.quit();
    await desktop.ask(desktop.window(), 'retry');
    await desktop.until('running');
  });

  it('says that the folder is from a newer version', async () => {
    const first = await start();
    await first.until('running');
    await first.quit();
    const db = new Database(join(first.dataDir, 'indelible.db'));
    const at = '2099-01-01T00:00:00.000+00:00';
    db.prepare(
      `INSERT INTO _prisma_migrations
         (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       VALUES ('x', 'x', ?, '20990101000000_future', ?, 1)`,
    ).run(at, at);
    db.close();
    const desktop = await start({ home: first.home });
    expect(await desktop.until('failed')).toMatchObject({ code: 'DATA_DIR_NEWER' });
  });

  it('says that the folder cannot be used, and starts with another one that is chosen', async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, 'file'), '');
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ dataDir: join(home, 'file', 'data') }));
    const desktop = await start({ home });
    expect(await desktop.until('failed')).toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      where: join(home, 'file', 'data'),
    });
    const other = join(home, 'other');
    desktop.answerOpenDialog([other]);
    expect(await desktop.ask(desktop.window(), 'choose-data-dir')).toBe(true);
    await desktop.until('running');
    expect(existsSync(join(other, 'indelible.db'))).toBe(true);
    expect(await desktop.ask(desktop.window(), 'versions')).toMatchObject({ app: '0.1.0' });
  });
});

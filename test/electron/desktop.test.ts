import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DesktopOptions, runDesktop } from '#test/support/running-desktop.ts';
import { makeServerBundle, type ServerBundle } from '#test/support/server-bundle.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** The shell with the server as it is shipped, on an Electron without a screen. */

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

describe('the app', SLOW, () => {
  it('starts its server, signs its own person in, and shows the appliance', async () => {
    const desktop = await start();
    const { url, isRemote } = await desktop.until('running');
    expect(isRemote).toBe(false);
    expect(new URL(url).hostname).toBe('127.0.0.1');
    await vi.waitFor(
      () => expect(desktop.window().loads.at(-1)).toEqual({ url: `${url}/`, status: 200 }),
      WAIT,
    );
    expect(await desktop.graphql('{ viewer { scopes } }')).toMatchObject({
      viewer: { scopes: expect.arrayContaining(['admin']) },
    });
    const [cookie] = desktop.session('persist:own').cookies;
    expect(cookie?.details).toMatchObject({ httpOnly: true, sameSite: 'strict' });
    // One that is written to the disk would outlive the app.
    expect(cookie?.details).not.toHaveProperty('expirationDate');
    expect(existsSync(join(desktop.dataDir, 'indelible.db'))).toBe(true);
  });

  it('shows the page of the shell first, in a window with no power of its own', async () => {
    const desktop = await start();
    await desktop.until('running');
    const { webPreferences } = desktop.window().options;
    expect(webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    });
    const [first] = desktop.window().loads;
    expect(first).toEqual({ url: 'indelible-app://shell/status.html', status: 200 });
  });

  it('keeps its port, so that what the page keeps is found again', async () => {
    const home = temporaryFolder();
    const first = await start({ home });
    const { url } = await first.until('running');
    await first.quit();
    const second = await start({ home });
    expect((await second.until('running')).url).toBe(url);
  });

  it('takes another port where its own is taken', async () => {
    const first = await start();
    const { url } = await first.until('running');
    const home = temporaryFolder();
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ port: Number(new URL(url).port) }));
    const second = await start({ home });
    const other = await second.until('running');
    expect(other.url).not.toBe(url);
  });

  it('runs once: the second start shows the first one, and quits', async () => {
    const first = await start();
    await first.until('running');
    first.window().hide();
    const second = await start({ isSecondInstance: true });
    expect(second.hasQuit).toBe(true);
    expect(second.processes).toEqual([]);
    first.app.emit('second-instance', {}, ['indelible'], '/');
    expect(first.window()).toMatchObject({ isShown: true, isFocused: true });
  });

  it('has its tray where there is one, and runs where there is none', async () => {
    const with_ = await start();
    await with_.until('running');
    expect(with_.trays[0]?.tooltip).toContain('Running at http://127.0.0.1');
    const without = await start({ hasTray: false });
    await without.until('running');
    expect(without.trays).toEqual([]);
  });

  it('closing its window quits; kept running, it hides and records on', async () => {
    const quits = await start();
    await quits.until('running');
    quits.window().close();
    await vi.waitFor(() => expect(quits.hasQuit).toBe(true), WAIT);
    const home = temporaryFolder();
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ keepRunning: true }));
    const stays = await start({ home });
    await stays.until('running');
    stays.window().close();
    expect(stays.window()).toMatchObject({ isShown: false, isGone: false });
    expect(await stays.graphql(RECORD('after'))).toMatchObject({ recordEvent: { outcome: 'ACCEPTED' } });
  });
});

describe('quitting', SLOW, () => {
  it('waits for the server, and loses nothing that was acknowledged', async () => {
    const desktop = await start();
    await desktop.until('running');
    const acknowledged: string[] = [];
    const record = async (from: number): Promise<void> => {
      for (let at = from; ; at += 4) {
        try {
          await desktop.graphql(RECORD(`e${at}`));
        } catch {
          // Refused while it stops: it was not acknowledged.
          return;
        }
        acknowledged.push(`e${at}`);
      }
    };
    const writers = [0, 1, 2, 3].map(record);
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(40), WAIT);
    await desktop.quit();
    await Promise.all(writers);
    expect(desktop.hasQuit).toBe(true);
    expect(desktop.processes.map(({ exitCode }) => exitCode)).toEqual([0]);
    const db = new Database(join(desktop.dataDir, 'indelible.db'), { readonly: true });
    const recorded = db.prepare('SELECT count(*) AS count FROM record').get() as { count: number };
    db.close();
    expect(recorded.count).toBeGreaterThanOrEqual(acknowledged.length);
    const size = JSON.parse(readFileSync(join(desktop.home, 'settings.json'), 'utf8')) as { window: unknown };
    expect(size.window).toMatchObject({ isMaximized: false });
  });

  it('ends a server that does not end by itself', async () => {
    const desktop = await start({ stopMs: 100 });
    await desktop.until('running');
    desktop.processes[0]?.kill('SIGSTOP');
    await desktop.quit();
    expect(desktop.processes[0]?.signalCode).toBe('SIGKILL');
  });
});

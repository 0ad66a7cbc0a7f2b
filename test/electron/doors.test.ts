import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { READ_BYTES_MAX } from '#electron/bridge.ts';
import { startAppliance } from '#test/support/appliance.ts';
import type { FakeWindow } from '#test/support/fake-electron.ts';
import { type DesktopOptions, type RunningDesktop, runDesktop } from '#test/support/running-desktop.ts';
import { makeServerBundle, type ServerBundle } from '#test/support/server-bundle.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** What leads into the app, and what must not lead out of it. */

/** A machine with other work takes seconds for each start. */
const SLOW = { timeout: 180_000 };
const WAIT = { timeout: 60_000, interval: 20 };

let bundle: ServerBundle;
beforeAll(async () => {
  bundle = await makeServerBundle();
}, 120_000);
afterAll(() => bundle.remove());

const start = (options: Partial<DesktopOptions> = {}) => runDesktop({ server: bundle.folder, ...options });
const isAt = (desktop: RunningDesktop, url: string) =>
  vi.waitFor(() => expect(desktop.window().webContents.url).toBe(url), WAIT);

describe('links into the app', SLOW, () => {
  it('open a record: from the command line, from a second start, from the system', async () => {
    const desktop = await start({ argv: ['indelible://record/default/5'] });
    const { url } = await desktop.until('running');
    await isAt(desktop, `${url}/#/search?ledger=default&open=5`);
    desktop.app.emit('second-instance', {}, ['indelible', '--x', 'indelible://record/acme/7'], '/');
    await isAt(desktop, `${url}/#/search?ledger=acme&open=7`);
    const event = { preventDefault: vi.fn<() => void>() };
    desktop.app.emit('open-url', event, 'indelible://search?ledger=acme&q=actor%3Aalice');
    await isAt(desktop, `${url}/#/search?ledger=acme&q=actor%3Aalice`);
    expect(event.preventDefault).toHaveBeenCalled();
  });

  it('that are none of ours are refused, and said to be', async () => {
    const desktop = await start();
    const { url } = await desktop.until('running');
    await isAt(desktop, `${url}/`);
    desktop.app.emit('second-instance', {}, ['indelible', 'indelible://record/../../x'], '/');
    expect(desktop.dialogs).toEqual([{ kind: 'error', text: expect.stringContaining('cannot be opened') }]);
    expect(desktop.window().webContents.url).toBe(`${url}/`);
  });

  it('are copied from the menu, without the port that is this computer’s own', async () => {
    const desktop = await start({ argv: ['indelible://record/default/5'] });
    const { url } = await desktop.until('running');
    await isAt(desktop, `${url}/#/search?ledger=default&open=5`);
    desktop.choose('Copy link to this view');
    await vi.waitFor(
      () => expect(desktop.copied).toEqual(['indelible://search?ledger=default&open=5']),
      WAIT,
    );
  });
});

describe('the guards', SLOW, () => {
  it('keep the window on its own origin, and let it ask nobody else', async () => {
    const desktop = await start();
    const { url } = await desktop.until('running');
    await isAt(desktop, `${url}/`);
    const { webContents } = desktop.window();
    for (const how of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      expect(webContents.mayGo(`${url}/#/integrity`, how)).toBe(true);
      for (const other of [
        'https://example.com/',
        'file:///etc/passwd',
        'http://127.0.0.1:1/',
        'javascript:0',
      ])
        expect(webContents.mayGo(other, how), `${how} ${other}`).toBe(false);
    }
    await expect(webContents.fake.request('https://example.com/')).rejects.toThrow('blocked');
    await expect(webContents.fake.request('http://127.0.0.1:1/')).rejects.toThrow('blocked');
    expect(webContents.opener({ url: 'https://example.com/' })).toEqual({ action: 'deny' });
    expect(webContents.opener({ url: `${url}/exports/1` })).toEqual({ action: 'deny' });
    expect(webContents.downloads).toEqual([`${url}/exports/1`]);
    expect(desktop.openedOutside).toEqual([]);
  });

  it('grant nothing but writing to the clipboard, and that to the own page only', async () => {
    const desktop = await start();
    const { url } = await desktop.until('running');
    const { fake } = desktop.window().webContents;
    expect(fake.grants('clipboard-sanitized-write', `${url}/`)).toBe(true);
    expect(fake.grants('clipboard-sanitized-write', 'https://example.com/')).toBe(false);
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'openExternal',
      'clipboard-read',
      'hid',
    ])
      expect(fake.grants(permission, `${url}/`), permission).toBe(false);
  });

  it('lead outside only from the help menu', async () => {
    const desktop = await start();
    await desktop.until('running');
    desktop.choose('The format of proofs (c2sp.org)');
    expect(desktop.openedOutside).toEqual(['https://c2sp.org/tlog-proof']);
  });

  it('give each page its own channels, and refuse what it sends that makes no sense', async () => {
    const desktop = await start();
    const { url } = await desktop.until('running');
    await isAt(desktop, `${url}/`);
    const window = desktop.window();
    expect(await desktop.ask(window, 'versions')).toMatchObject({ app: '0.1.0' });
    for (const channel of ['settings', 'connect', 'disconnect', 'choose-data-dir', 'quit', 'read-offered'])
      await expect(desktop.ask(window, channel), channel).rejects.toThrow('not for this page');
    await desktop.ask(window, 'open-settings');
    expect(window.webContents.url).toBe('indelible-app://shell/settings.html');
    for (const change of [
      null,
      'x',
      { dataDir: '/etc' },
      { startAtLogin: 'yes' },
      { updateUrl: 'http://a.b/' },
    ])
      await expect(desktop.ask(window, 'change-settings', change)).rejects.toThrow('no settings');
    await desktop.ask(window, 'close-settings');
    expect(window.webContents.url).toBe(`${url}/`);
  });

  it('answer no frame within a page, and no page that is elsewhere', async () => {
    const desktop = await start();
    await desktop.until('running');
    const window = desktop.window();
    window.webContents.url = 'https://example.com/';
    await expect(desktop.ask(window, 'versions')).rejects.toThrow('not for this page');
  });
});

describe('evidence', SLOW, () => {
  const evidenceWindows = (desktop: RunningDesktop): readonly FakeWindow[] =>
    desktop.windows.filter(({ isGone, webContents }) => !isGone && webContents.fake.partition === 'evidence');

  it('that is double-clicked opens in its own window, without any server', async () => {
    const file = join(temporaryFolder(), 'a b.evidence.zip');
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, at) => at % 251));
    writeFileSync(file, bytes);
    const desktop = await start({ argv: [file] });
    await vi.waitFor(() => expect(evidenceWindows(desktop)[0]?.loads).toHaveLength(1), WAIT);
    const [window] = evidenceWindows(desktop);
    if (!window) throw new Error('There is no window.');
    expect(window.loads[0]).toEqual({ url: 'indelible-app://evidence/verify.html', status: 200 });
    expect(desktop.processes).toEqual([]);
    expect(await desktop.ask(window, 'offered-file')).toEqual({ name: 'a b.evidence.zip', size: 3000 });
    expect(await desktop.ask(window, 'read-offered', 100, 50)).toEqual(
      new Uint8Array(bytes.subarray(100, 150)),
    );
    expect(await desktop.ask(window, 'read-offered', 2990, 50)).toHaveLength(10);
    for (const [at, length] of [
      [-1, 1],
      [0, READ_BYTES_MAX + 1],
      [0.5, 1],
      ['0', 1],
    ])
      await expect(desktop.ask(window, 'read-offered', at, length)).rejects.toThrow(/no such part/i);
  });

  it('has a page that asks nobody for anything, and no say in the shell', async () => {
    const file = join(temporaryFolder(), 'a.evidence');
    writeFileSync(file, 'x');
    const desktop = await start({ argv: [file] });
    await vi.waitFor(() => expect(evidenceWindows(desktop)[0]?.loads).toHaveLength(1), WAIT);
    const [window] = evidenceWindows(desktop);
    if (!window) throw new Error('There is no window.');
    for (const url of ['https://example.com/', 'http://127.0.0.1:4280/', 'indelible-app://shell/status.html'])
      await expect(window.webContents.fake.request(url), url).rejects.toThrow('blocked');
    for (const channel of ['settings', 'open-dropped', 'retry', 'versions'])
      await expect(desktop.ask(window, channel), channel).rejects.toThrow('not for this page');
  });

  it('that is dropped on the window, chosen in the menu or opened by the system opens, too', async () => {
    const folder = temporaryFolder();
    const files = ['a.evidence.zip', 'b.evidence', 'c.tlog-proof'].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, 'x');
    const [dropped = '', chosen = '', opened = ''] = files;
    const desktop = await start();
    const { url } = await desktop.until('running');
    await isAt(desktop, `${url}/`);
    await desktop.ask(desktop.window(), 'open-dropped', dropped);
    desktop.answerOpenDialog([chosen]);
    desktop.choose('Open evidence pack…');
    desktop.app.emit('open-file', { preventDefault: () => undefined }, opened);
    await vi.waitFor(() => expect(evidenceWindows(desktop)).toHaveLength(3), WAIT);
  });

  it('that is none, or not there, is refused with a reason', async () => {
    const desktop = await start();
    await desktop.until('running');
    await isAt(desktop, `${(await desktop.until('running')).url}/`);
    for (const path of ['/etc/passwd', join(temporaryFolder(), 'gone.evidence.zip'), temporaryFolder()])
      await desktop.ask(desktop.window(), 'open-dropped', path);
    expect(desktop.dialogs).toHaveLength(3);
    expect(evidenceWindows(desktop)).toEqual([]);
  });
});

describe('a remote appliance', SLOW, () => {
  const openSettings = async (desktop: RunningDesktop): Promise<FakeWindow> => {
    desktop.choose('Settings…');
    await isAt(desktop, 'indelible-app://shell/settings.html');
    return desktop.window();
  };

  it('takes the place of the own server, its token kept where only the keychain can read it', async () => {
    const remote = await startAppliance();
    onTestFinished(() => remote.stop());
    const desktop = await start();
    await desktop.until('running');
    const window = await openSettings(desktop);
    expect(await desktop.ask(window, 'connect', `${remote.url}/`, remote.adminToken)).toBeNull();
    await vi.waitFor(
      () => expect(desktop.status()).toEqual({ kind: 'running', url: remote.url, isRemote: true }),
      WAIT,
    );
    await isAt(desktop, `${remote.url}/`);
    expect(desktop.window().webContents.fake.partition).toBe('persist:remote');
    expect(await desktop.graphql('{ viewer { scopes } }')).toMatchObject({
      viewer: { scopes: expect.arrayContaining(['admin']) },
    });
    expect(desktop.processes.map(({ exitCode }) => exitCode)).toEqual([0]);
    expect(readFileSync(join(desktop.home, 'settings.json'), 'utf8')).not.toContain(remote.adminToken);
    // The next start signs in by itself.
    await desktop.quit();
    const again = await start({ home: desktop.home });
    expect(await again.until('running')).toMatchObject({ url: remote.url, isRemote: true });
    const settings = await openSettings(again);
    await again.ask(settings, 'disconnect');
    await vi.waitFor(() => expect(again.status()).toMatchObject({ kind: 'running', isRemote: false }), WAIT);
    expect(again.session('persist:remote').cookies).toEqual([]);
  });

  it.each(['basic_text', null] as const)(
    'keeps no token where there is no keychain (%s)',
    async (keychain) => {
      const remote = await startAppliance();
      onTestFinished(() => remote.stop());
      const desktop = await start({ keychain });
      await desktop.until('running');
      const window = await openSettings(desktop);
      expect(await desktop.ask(window, 'settings')).toMatchObject({
        keychain: keychain === null ? 'NONE' : 'PLAIN',
      });
      await desktop.ask(window, 'connect', remote.url, remote.adminToken);
      await vi.waitFor(
        () => expect(desktop.status()).toMatchObject({ isRemote: true, kind: 'running' }),
        WAIT,
      );
      expect(JSON.parse(readFileSync(join(desktop.home, 'settings.json'), 'utf8'))).toMatchObject({
        remote: { url: remote.url, sealedToken: null },
      });
      await desktop.quit();
      const again = await start({ home: desktop.home, keychain });
      expect(await again.until('failed')).toMatchObject({ code: 'REMOTE_TOKEN_MISSING', where: remote.url });
    },
  );

  it('that somebody else wrote into the settings is not sent the token of the chosen one', async () => {
    const [remote, other] = [await startAppliance(), await startAppliance()];
    onTestFinished(async () => void (await Promise.all([remote.stop(), other.stop()])));
    const desktop = await start();
    await desktop.until('running');
    await desktop.ask(await openSettings(desktop), 'connect', remote.url, remote.adminToken);
    await vi.waitFor(() => expect(desktop.status()).toMatchObject({ isRemote: true, kind: 'running' }), WAIT);
    await desktop.quit();
    const file = join(desktop.home, 'settings.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(remote.url, other.url));
    const again = await start({ home: desktop.home });
    expect(await again.until('failed')).toMatchObject({ code: 'REMOTE_TOKEN_MISSING', where: other.url });
  });

  it('that refuses the token, or does not answer, is told of on the page', async () => {
    const remote = await startAppliance();
    const desktop = await start();
    await desktop.until('running');
    await desktop.ask(await openSettings(desktop), 'connect', remote.url, 'not-the-token-of-anyone');
    expect(await desktop.until('failed')).toMatchObject({ code: 'REMOTE_REFUSED', isRemote: true });
    await remote.stop();
    await desktop.ask(await openSettings(desktop), 'retry');
    await vi.waitFor(() => expect(desktop.status()).toMatchObject({ code: 'REMOTE_UNREACHABLE' }), WAIT);
  });

  it('is not sent a token in the clear', async () => {
    const desktop = await start();
    await desktop.until('running');
    const window = await openSettings(desktop);
    const token = 'a-token-that-is-long-enough';
    expect(await desktop.ask(window, 'connect', 'http://example.com', token)).toContain('https');
    expect(await desktop.ask(window, 'connect', 'https://user:pass@example.com', token)).not.toBeNull();
    expect(await desktop.ask(window, 'connect', 'https://example.com', 'short')).toContain('token');
    expect(desktop.status()).toMatchObject({ kind: 'running', isRemote: false });
  });
});

describe('settings', SLOW, () => {
  it('are kept, and starting at login is what the system is told', async () => {
    const desktop = await start();
    await desktop.until('running');
    desktop.choose('Settings…');
    const window = desktop.window();
    const entry = join(desktop.home, 'autostart', 'indelible.desktop');
    expect(await desktop.ask(window, 'change-settings', { startAtLogin: true })).toBeNull();
    expect(readFileSync(entry, 'utf8')).toContain('Exec="/opt/Indelible/indelible" --hidden');
    expect(await desktop.ask(window, 'settings')).toMatchObject({
      startAtLogin: true,
      dataDir: desktop.dataDir,
    });
    await desktop.ask(window, 'change-settings', { startAtLogin: false });
    expect(existsSync(entry)).toBe(false);
  });

  it('ask nobody for updates until there is an address', async () => {
    const desktop = await start();
    await desktop.until('running');
    expect(desktop.feeds).toEqual([null]);
    desktop.choose('Settings…');
    await desktop.ask(desktop.window(), 'change-settings', { updateUrl: 'https://updates.example.com/' });
    expect(desktop.feeds).toEqual([null, 'https://updates.example.com/']);
  });

  it('started at login the window stays away where there is a tray', async () => {
    const desktop = await start({ argv: ['--hidden'] });
    await vi.waitFor(() => expect(desktop.trays[0]?.tooltip).toContain('Running'), WAIT);
    expect(desktop.windows).toEqual([]);
  });
});

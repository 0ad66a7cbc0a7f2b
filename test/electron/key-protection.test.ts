import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SettingsView } from '#electron/bridge.ts';
import { createProtectedKeys } from '#electron/protected-keys.ts';
import { newKeySecret } from '#electron/recovery-file.ts';
import { createSecrets } from '#electron/secrets.ts';
import { openSettingsFile, readSettings } from '#electron/settings-file.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { openCheckpoint } from '#server/ledger/checkpoint.ts';
import { sha256 } from '#server/sha256.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { createFakeElectron } from '#test/support/fake-electron.ts';
import { type DesktopOptions, type RunningDesktop, runDesktop } from '#test/support/running-desktop.ts';
import { makeServerBundle, type ServerBundle } from '#test/support/server-bundle.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** The protection of the keys, with the server as it is shipped. */

const SLOW = { timeout: 180_000 };
const WAIT = { timeout: 60_000, interval: 20 };

let bundle: ServerBundle;
beforeAll(async () => {
  bundle = await makeServerBundle();
}, 120_000);
afterAll(() => bundle.remove());

const start = (options: Partial<DesktopOptions> = {}) => runDesktop({ server: bundle.folder, ...options });

/** As the shell's own page asks: that of what went wrong, or the settings. */
async function ask(desktop: RunningDesktop, channel: string): Promise<unknown> {
  if (desktop.status()?.kind === 'running') {
    desktop.choose('Settings…');
    await vi.waitFor(
      () => expect(desktop.window().webContents.url).toBe('indelible-app://shell/settings.html'),
      WAIT,
    );
  }
  return await desktop.ask(desktop.window(), channel);
}

const isOn = async (desktop: RunningDesktop): Promise<boolean> =>
  ((await ask(desktop, 'settings')) as SettingsView).areKeysProtected;

const keysOf = ({ dataDir }: RunningDesktop): readonly string[] =>
  readdirSync(join(dataDir, 'keys')).map((name) => readFileSync(join(dataDir, 'keys', name), 'utf8'));

const protectedIn = (desktop: RunningDesktop): number =>
  keysOf(desktop).filter((text) => text.startsWith('indelible-protected-key-v1\n')).length;

interface Ledger {
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: { readonly size: number; readonly note: string } | null;
}

/** Records one event, and gives the ledger when a checkpoint of the same key covers it. */
async function recordAndSign(desktop: RunningDesktop, id: string): Promise<Ledger> {
  await desktop.graphql(
    `mutation { recordEvent(event: { id: "${id}", action: "a.b" }, ack: RECORDED) { outcome } }`,
  );
  return await vi.waitFor(async () => {
    const query = '{ ledger(id: "default") { vkey size checkpoint { size note } } }';
    const { ledger } = (await desktop.graphql(query)) as { ledger: Ledger };
    expect(ledger.checkpoint?.size).toBe(ledger.size);
    expect(openCheckpoint(sha256, verifyEd25519, ledger.checkpoint?.note ?? '', ledger.vkey).ok).toBe(true);
    return ledger;
  }, WAIT);
}

function openProtectedKeys() {
  const settings = openSettingsFile(join(temporaryFolder(), 'settings.json'));
  const secrets = createSecrets(createFakeElectron().api.safeStorage, 'linux');
  return { settings, keys: createProtectedKeys(settings, secrets) };
}

describe('what the shell keeps of protected keys', () => {
  const secret = newKeySecret();

  it('is not let go before a server has made the keys plain', async () => {
    const { settings, keys } = openProtectedKeys();
    expect(await keys.open()).toBeNull();
    expect(await keys.begin(secret, '/data')).toBe(true);
    expect(await keys.open()).toEqual({ secret, use: 'PROTECT' });
    keys.end();
    expect(await keys.open()).toEqual({ secret, use: 'UNPROTECT' });
    // The server that still runs was started before: it only tells of another session.
    await keys.started({ secret, use: 'PROTECT' }, '/data');
    expect(settings.read().protectedFolders).toMatchObject([{ path: '/data', isEnding: true }]);
    await keys.started({ secret, use: 'UNPROTECT' }, '/data');
    expect(settings.read().protectedFolders).toEqual([]);
    expect(await keys.open()).toBeNull();
  });

  it('is of one data folder, also what a recovery file gave', async () => {
    const { settings, keys } = openProtectedKeys();
    keys.recover(secret);
    expect(await keys.open()).toEqual({ secret, use: 'PROTECT' });
    settings.change({ dataDir: '/other' });
    expect(keys.isOn()).toBe(false);
    expect(await keys.open()).toBeNull();
    expect(await keys.begin(secret, '/other')).toBe(true);
    settings.change({ dataDir: null });
    await keys.started({ secret, use: 'PROTECT' }, '/data');
    expect(settings.read().protectedFolders.map(({ path }) => path)).toEqual(['/other', '/data']);
    // The usual folder, chosen by its name, is the same folder.
    settings.change({ dataDir: '/data' });
    expect(await keys.open()).toEqual({ secret, use: 'PROTECT' });
  });

  it('is left out of the settings where it makes no sense', () => {
    const whole = { dataDir: null, path: '/data', sealedSecret: 'x', isEnding: false };
    const others = [
      null,
      1,
      {},
      { ...whole, path: 1 },
      { ...whole, dataDir: 2 },
      { ...whole, sealedSecret: null },
    ];
    const read = (protectedFolders: unknown) =>
      readSettings(JSON.stringify({ protectedFolders })).protectedFolders;
    expect(read([...others, whole])).toEqual([whole]);
    expect(read('x')).toEqual([]);
  });
});

/** Turns the protection on; gives the recovery file. */
async function protect(desktop: RunningDesktop): Promise<string> {
  const file = join(temporaryFolder(), 'recovery.txt');
  desktop.answerSaveDialog(file);
  expect(await ask(desktop, 'protect-keys')).toBeNull();
  await desktop.until('running');
  return file;
}

describe('keys that the keychain protects', SLOW, () => {
  it('are encrypted, and sign on as the same ones: on, restart, recovery, off', async () => {
    const first = await start();
    await first.until('running');
    const { vkey } = await recordAndSign(first, 'plain');
    const plain = keysOf(first);
    const file = await protect(first);
    expect(protectedIn(first)).toBe(plain.length);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(await recordAndSign(first, 'protected')).toMatchObject({ vkey, size: 2 });
    await first.quit();
    // What opens them lies nowhere in the app's own files, but sealed.
    const line = /^[\w-]{48}$/m.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
    expect(line).toHaveLength(48);
    expect(readFileSync(join(first.home, 'settings.json'), 'utf8')).not.toContain(line);

    const again = await start({ home: first.home });
    await again.until('running');
    expect(await recordAndSign(again, 'again')).toMatchObject({ vkey, size: 3 });
    await again.quit();

    const reset = await start({ home: first.home, isKeychainReset: true });
    expect(await reset.until('failed')).toMatchObject({ code: 'KEYCHAIN_LOST', isRemote: false });
    expect(reset.processes).toEqual([]);
    reset.answerOpenDialog([file]);
    await ask(reset, 'use-recovery-file');
    await reset.until('running');
    expect(await recordAndSign(reset, 'recovered')).toMatchObject({ vkey, size: 4 });
    await reset.quit();
    // The keychain as it is now keeps it again.
    const kept = await start({ home: first.home, isKeychainReset: true });
    await kept.until('running');
    expect(await isOn(kept)).toBe(true);
    expect(await ask(kept, 'unprotect-keys')).toBeNull();
    await kept.until('running');
    await vi.waitFor(async () => expect(await isOn(kept)).toBe(false), WAIT);
    expect(keysOf(kept)).toEqual(plain);
    expect(await recordAndSign(kept, 'off')).toMatchObject({ vkey, size: 5 });
  });

  it('stay plain where the recovery file is not saved, or not where it is safe', async () => {
    const desktop = await start();
    await desktop.until('running');
    const other = join(temporaryFolder(), 'other.txt');
    writeFileSync(other, 'another recovery file');
    const refused: unknown[] = [];
    for (const path of [null, join(desktop.dataDir, 'recovery.txt'), other, '/nowhere/at/all.txt']) {
      desktop.answerSaveDialog(path);
      refused.push(await ask(desktop, 'protect-keys'));
    }
    expect(refused).toEqual([
      expect.stringContaining('only when the recovery file is saved'),
      expect.stringContaining('must not lie in the data folder'),
      expect.stringContaining('EEXIST'),
      expect.stringContaining('ENOENT'),
    ]);
    expect(readFileSync(other, 'utf8')).toBe('another recovery file');
    expect(await isOn(desktop)).toBe(false);
    expect(protectedIn(desktop)).toBe(0);
    expect(desktop.processes).toHaveLength(1);
  });

  it.each([null, 'basic_text', 'unknown'] as const)(
    'are not offered where no keychain keeps a secret (%s)',
    async (keychain) => {
      const desktop = await start({ keychain });
      await desktop.until('running');
      const file = join(temporaryFolder(), 'recovery.txt');
      desktop.answerSaveDialog(file);
      expect(await ask(desktop, 'protect-keys')).toContain('keychain does not keep secrets');
      expect(existsSync(file)).toBe(false);
      expect(protectedIn(desktop)).toBe(0);
    },
  );

  it('are refused to the wrong recovery file, which takes the place of nothing', async () => {
    const desktop = await start();
    await desktop.until('running');
    const file = await protect(desktop);
    const stranger = await start();
    await stranger.until('running');
    const wrong = await protect(stranger);
    await desktop.quit();
    const before = keysOf(desktop);
    const reset = await start({ home: desktop.home, isKeychainReset: true });
    await reset.until('failed');
    reset.answerOpenDialog([join(desktop.home, 'settings.json')]);
    await ask(reset, 'use-recovery-file');
    expect(reset.dialogs.at(-1)?.text).toContain('no recovery line');
    reset.answerOpenDialog([wrong]);
    await ask(reset, 'use-recovery-file');
    await vi.waitFor(() => expect(reset.status()).toMatchObject({ code: 'KEYS_PROTECTED' }), WAIT);
    expect(keysOf(reset)).toEqual(before);
    // The sealed one is still there: with its keychain the app starts as before.
    await reset.quit();
    const back = await start({ home: desktop.home });
    await back.until('running');
    await back.quit();
    const env = { INDELIBLE_DATA_DIR: desktop.dataDir };
    const { code } = await runCommandLine(['keys', 'unprotect', '--recovery-file', file], { env });
    expect(code).toBe(0);
    expect(protectedIn(desktop)).toBe(0);
  });

  it('are made plain by the next start where turning it off was cut off', async () => {
    const desktop = await start();
    await desktop.until('running');
    await protect(desktop);
    await desktop.quit();
    const file = join(desktop.home, 'settings.json');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('"isEnding": false');
    writeFileSync(file, text.replace('"isEnding": false', '"isEnding": true'));
    const again = await start({ home: desktop.home });
    await again.until('running');
    expect(protectedIn(again)).toBe(0);
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"protectedFolders": []'), WAIT);
  });

  it('are asked for by nobody but the pages of the shell', async () => {
    const desktop = await start();
    const { url } = await desktop.until('running');
    await vi.waitFor(() => expect(desktop.window().loads.at(-1)?.url).toBe(`${url}/`), WAIT);
    for (const channel of ['protect-keys', 'unprotect-keys', 'use-recovery-file'])
      await expect(desktop.ask(desktop.window(), channel)).rejects.toThrow('is not for this page');
  });
});

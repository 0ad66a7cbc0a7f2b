import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bindToken, tokenFor } from '#electron/bound-token.ts';
import { readCommandLine } from '#electron/opened-things.ts';
import { createRecentLines } from '#electron/recent-lines.ts';
import { createRestartPolicy, RESTART_DELAYS_MS, STEADY_MS } from '#electron/restart-policy.ts';
import { createLoginItem } from '#electron/login-item.ts';
import { openSettingsFile, readSettings, readSettingsChange } from '#electron/settings-file.ts';
import { fitWindow, readWindowState } from '#electron/window-state.ts';
import { createFakeElectron } from '#test/support/fake-electron.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

describe('the settings file', () => {
  const DEFAULTS = readSettings('{}');

  it('gives back what was kept, after another start, readable by nobody else', () => {
    const file = join(temporaryFolder(), 'deep', 'settings.json');
    openSettingsFile(file).change({ dataDir: '/data', port: 4321, keepRunning: true });
    expect(openSettingsFile(file).read()).toEqual({
      ...DEFAULTS,
      dataDir: '/data',
      port: 4321,
      keepRunning: true,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, '..'))).toEqual(['settings.json']);
  });

  it.each([
    '',
    'not JSON',
    '[]',
    'null',
    '{"dataDir":"relative","port":80,"remote":{"url":"http://example.com"},"window":{"bounds":{"x":"a"}}}',
    '{"port":1.5,"remote":"x","startAtLogin":"yes","updateUrl":"http://example.com"}',
  ])('%s is as if there were none', (text) => {
    expect(readSettings(text)).toEqual(DEFAULTS);
  });

  it('says when it cannot be written, and keeps what was', () => {
    const file = join(temporaryFolder(), 'settings.json');
    mkdirSync(`${file}.new`);
    const settings = openSettingsFile(file);
    expect(() => settings.change({ port: 4321 })).toThrow();
    expect(settings.read()).toEqual(DEFAULTS);
  });

  it('a page changes only what it may', () => {
    expect(readSettingsChange({ startAtLogin: true, updateUrl: null })).toEqual({
      startAtLogin: true,
      updateUrl: null,
    });
    expect(readSettingsChange({ remote: { url: 'https://example.com' } })).toBeNull();
    expect(readSettingsChange({ updateUrl: 'https://user@example.com' })).toBeNull();
    expect(readSettingsChange('x')).toBeNull();
  });
});

describe('the window', () => {
  const main = { x: 0, y: 0, width: 1920, height: 1080 };
  const right = { x: 1920, y: 0, width: 1280, height: 1024 };
  const at = (x: number, y: number, width = 800, height = 600) => ({
    bounds: { x, y, width, height },
    isMaximized: false,
  });

  it('is where it was, on any display that is there', () => {
    expect(fitWindow(at(100, 50), [main, right])).toEqual(at(100, 50));
    expect(fitWindow(at(2000, 10), [main, right])).toEqual(at(2000, 10));
  });

  it.each([
    [at(2000, 10), [main]],
    [at(-790, 10), [main]],
    [at(10, -50), [main]],
    [at(10, 1060), [main]],
    [null, [main]],
  ])('that could not be seen or moved (%j) is in the middle again', (state, areas) => {
    expect(fitWindow(state, areas).bounds).toEqual({ x: 240, y: 90, width: 1440, height: 900 });
  });

  it('is never larger than its display, nor smaller than its smallest', () => {
    expect(fitWindow(at(0, 0, 5000, 5000), [main]).bounds).toEqual(main);
    expect(fitWindow(at(0, 0, 10, 10), [main]).bounds).toMatchObject({ width: 400, height: 320 });
    expect(readWindowState({ bounds: { x: 0, y: 0, width: 1, height: 1e99 } })).toBeNull();
  });
});

describe('starting again', () => {
  it('waits longer each time, and not for ever', () => {
    const policy = createRestartPolicy();
    expect(RESTART_DELAYS_MS.map(() => policy.next(0)?.delayMs)).toEqual(RESTART_DELAYS_MS);
    expect(policy.next(0)).toBeNull();
    policy.reset();
    expect(policy.next(0)).toEqual({ attempt: 1, delayMs: RESTART_DELAYS_MS[0] });
  });

  it('begins anew after a time of calm, and not a moment before', () => {
    const policy = createRestartPolicy([1, 2]);
    policy.next(0);
    expect(policy.next(STEADY_MS - 1)?.attempt).toBe(2);
    expect(policy.next(STEADY_MS)?.attempt).toBe(1);
  });
});

describe('the last lines of the server', () => {
  it('are put together from pieces, and bounded in number and length', () => {
    const lines = createRecentLines();
    lines.add('one\ntw');
    lines.add('o\n\nthree');
    expect(lines.read()).toEqual(['one', 'two', 'three']);
    lines.add(`${'x'.repeat(5000)}\n${'y\n'.repeat(500)}`);
    expect(lines.read()).toHaveLength(200);
    expect(lines.read().every((line) => line.length <= 2000)).toBe(true);
  });
});

describe('the command line', () => {
  it('has links and evidence in it, and nothing else that is opened', () => {
    expect(
      readCommandLine(
        [
          'indelible',
          '--flag',
          'a.evidence.zip',
          '/x/b.EVIDENCE',
          'c.zip',
          'indelible://record/a/1',
          'd.tlog-proof',
        ],
        '/work dir',
      ),
    ).toEqual({
      links: ['indelible://record/a/1'],
      files: ['/work dir/a.evidence.zip', '/x/b.EVIDENCE', '/work dir/d.tlog-proof'],
    });
  });
});

describe('a token that the keychain keeps', () => {
  it('is for the address that it was given for, and for no other one', () => {
    const bound = bindToken('https://audit.example.com', 'a-token');
    expect(tokenFor('https://audit.example.com', bound)).toBe('a-token');
    for (const url of ['https://audit.example.com.evil.example', 'https://audit.example.co', 'https://a', ''])
      expect(tokenFor(url, bound), url).toBeNull();
    expect(tokenFor('https://audit.example.com', 'a-token')).toBeNull();
    expect(tokenFor('https://audit.example.com', bindToken('https://audit.example.com', ''))).toBeNull();
  });
});

describe('starting at login', () => {
  const item = (program: string, platform: NodeJS.Platform) => {
    const fake = createFakeElectron();
    const autostartFolder = join(temporaryFolder(), 'autostart');
    const login = createLoginItem({ app: fake.api.app, platform, program, autostartFolder });
    return { fake, login, file: join(autostartFolder, 'indelible.desktop') };
  };

  it('is a file of the desktop on Linux, whatever the program’s name holds', () => {
    const { login, file } = item('/opt/a b"$`\\%/indelible', 'linux');
    login.set(true);
    expect(readFileSync(file, 'utf8')).toContain(
      'Exec="/opt/a b\\\\"\\\\$\\\\`\\\\\\\\%%/indelible" --hidden\n',
    );
    login.set(false);
    login.set(false);
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  it('is left to the system elsewhere', () => {
    const { fake, login } = item('/x', 'darwin');
    login.set(true);
    expect(fake.loginItems).toEqual([{ openAtLogin: true, args: ['--hidden'] }]);
  });

  it('is refused where the program’s name would be lines of the file', () => {
    const { login, file } = item('/opt/a\nExec=evil\n/indelible', 'linux');
    expect(() => login.set(true)).toThrow('character');
    expect(existsSync(file)).toBe(false);
  });

  it('says when it cannot be set', () => {
    const { login, file } = item('/x', 'linux');
    writeFileSync(join(file, '../..', 'autostart'), '');
    expect(() => login.set(true)).toThrow();
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { SettingsView, ShellFailure, ShellStatus } from '#electron/bridge.ts';
import { bundleElectron } from '#scripts/bundle-electron.ts';
import { startBrowser, type TestBrowser, type WindowOptions } from '#test/support/browser.ts';

/** The shell's own pages in a real browser, with the shell's answers made up. */

const SHOTS = join(import.meta.dirname, '../../test-results/desktop');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'";

let browser: TestBrowser;
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'indelible-shell-'));
  await bundleElectron(folder);
  mkdirSync(SHOTS, { recursive: true });
  browser = await startBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

const SETTINGS: SettingsView = {
  dataDir: '/var/lib/indelible',
  isDefaultDataDir: true,
  remoteUrl: null,
  keychain: 'KEPT',
  areKeysProtected: false,
  startAtLogin: false,
  keepRunning: true,
  updateUrl: null,
  versions: { app: '0.1.0', electron: '45.4.1', chromium: '156.0.8078.79' },
};

const failure = (code: string | null, message: string, more: Partial<ShellFailure> = {}): ShellFailure => ({
  kind: 'failed',
  code,
  message,
  where: '/var/lib/indelible',
  isRemote: false,
  log: [],
  ...more,
});

interface Shown {
  readonly status?: ShellStatus;
  readonly settings?: Partial<SettingsView>;
  readonly refusal?: string;
}

/** Opens a page; gives it and what it asked the shell for. */
async function show(name: 'status' | 'settings', shown: Shown = {}, options: WindowOptions = {}) {
  const window = await browser.open({ width: 1280, ...options });
  onTestFinished(() => window.close());
  const { page } = window;
  const asked: unknown[][] = [];
  await page.exposeFunction('tellTest', (...call: unknown[]) => void asked.push(call));
  await page.addInitScript(pretendShell, {
    status: shown.status ?? { kind: 'starting', where: null },
    settings: { ...SETTINGS, ...shown.settings },
    refusal: shown.refusal ?? null,
  });
  await page.route('http://shell.test/**', async (route) => {
    const path = new URL(route.request().url()).pathname;
    const headers = { 'content-type': TYPES[extname(path)] ?? '', 'content-security-policy': POLICY };
    await route.fulfill({ body: readFileSync(join(folder, 'pages', path)), headers });
  });
  await page.goto(`http://shell.test/${name}.html`);
  await page.locator('main').waitFor();
  return { page, asked, complaints: window.complaints };
}

/** In the page: answers as the preload does, and tells the test of every call. */
function pretendShell(given: { status: unknown; settings: unknown; refusal: string | null }): void {
  const { tellTest: tell } = globalThis as never as { tellTest(...call: unknown[]): Promise<void> };
  const answers: Record<string, unknown> = {
    changeSettings: given.refusal,
    connect: given.refusal,
    protectKeys: given.refusal,
    unprotectKeys: given.refusal,
    showDataDir: null,
  };
  const acts = [
    'retry',
    'changeSettings',
    'chooseDataDir',
    'resetDataDir',
    'showDataDir',
    'protectKeys',
    'unprotectKeys',
    'useRecoveryFile',
    'connect',
    'disconnect',
  ];
  const others = ['openEvidence', 'openSettings', 'closeSettings', 'quit'];
  Object.assign(globalThis, {
    indelibleDesktop: {
      status: async () => given.status,
      settings: async () => given.settings,
      onStatus: () => undefined,
      ...Object.fromEntries(
        [...acts, ...others].map((name) => [
          name,
          async (...values: unknown[]) => {
            await tell(name, ...values);
            return answers[name];
          },
        ]),
      ),
    },
  });
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

const LOCKED = failure(
  'DATA_DIR_LOCKED',
  'The data folder /var/lib/indelible is in use by process 4711 (since 2026-11-21T08:00:00Z, listening on ' +
    'http://127.0.0.1:4280).',
);

describe('the page of a server that cannot start', () => {
  it.each([
    ['DATA_DIR_LOCKED', 'The data folder is in use'],
    ['DATA_DIR_UNUSABLE', 'The data folder cannot be used'],
    ['DATA_DIR_NEWER', 'The data folder is from a newer version'],
    ['STORAGE_UNAVAILABLE', 'The disk does not take any more'],
    ['SIGNING_KEY_MISSING', 'A signing key is missing'],
    ['CONFIG_INVALID', 'A setting is not valid'],
    ['SERVER_CRASHED', 'The server keeps ending'],
    [null, 'The server cannot start'],
  ])('says what %s means, and offers to try again or to choose another folder', async (code, title) => {
    const { page, asked, complaints } = await show('status', {
      status: failure(code, 'because of the test'),
    });
    await page.getByRole('heading', { name: title }).waitFor();
    await page.getByText('because of the test').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Choose another folder…' }).click();
    await expect.poll(() => asked).toEqual([['retry'], ['chooseDataDir']]);
    expect(complaints).toEqual([]);
  });

  it.each([
    ['REMOTE_REFUSED', 'The remote appliance refused the token'],
    ['REMOTE_UNREACHABLE', 'The remote appliance does not answer'],
    ['REMOTE_OTHER', 'There is no appliance at this address'],
    ['REMOTE_TOKEN_MISSING', 'The token is needed again'],
  ])('says what %s means, and offers the way back', async (code, title) => {
    const status = failure(code, '', { isRemote: true, where: 'https://audit.example.com' });
    const { page, asked } = await show('status', { status });
    await page.getByRole('heading', { name: title }).waitFor();
    await page.getByText('https://audit.example.com').waitFor();
    await page.getByRole('button', { name: 'Use this computer’s own' }).click();
    await expect.poll(() => asked).toEqual([['disconnect']]);
  });

  it.each([
    ['KEYS_PROTECTED', 'The keys do not open'],
    ['KEYCHAIN_LOST', 'The keychain does not open the keys'],
  ])('says what %s means, and offers the recovery file first', async (code, title) => {
    const { page, asked, complaints } = await show('status', { status: failure(code, '') });
    await page.getByRole('heading', { name: title }).waitFor();
    await page.getByRole('button', { name: 'Use the recovery file…' }).click();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => asked).toEqual([['useRecoveryFile'], ['retry']]);
    expect(complaints).toEqual([]);
  });

  it('names who holds the folder, by keyboard, and shows hostile text as text', async () => {
    const hostile = `${LOCKED.message} <img src=x onerror="document.title='hit'"> \u202egnp.exe`;
    const { page, asked, complaints } = await show('status', { status: { ...LOCKED, message: hostile } });
    await page.getByText('process 4711').waitFor();
    await page.getByText('\\u202egnp.exe').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => asked).toEqual([['retry']]);
    expect(await page.title()).toBe('Indelible');
    expect(complaints).toEqual([]);
  });

  it('offers the usual folder where another one was chosen, and shows the last words', async () => {
    const log = Array.from({ length: 50 }, (_, at) => `{"level":30,"msg":"line ${at}"}`);
    const status = failure('SERVER_CRASHED', 'The process ended with code 1.', { log });
    const { page, asked } = await show('status', { status, settings: { isDefaultDataDir: false } });
    await page.getByRole('button', { name: 'Use the usual folder' }).click();
    await page.getByText('The server’s last words (50 lines)').click();
    await page.getByText('line 49').waitFor();
    await expect.poll(() => asked).toEqual([['resetDataDir']]);
  });
});

describe('the settings', () => {
  it('connect to a remote appliance, and say what was wrong', async () => {
    const { page, asked } = await show('settings', { refusal: 'Use https.' });
    await page.getByLabel('Address', { exact: true }).fill('https://audit.example.com');
    await page.getByLabel('Token').fill('a-token-that-is-long-enough');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('status').getByText('Use https.').waitFor();
    expect(asked).toEqual([['connect', 'https://audit.example.com', 'a-token-that-is-long-enough']]);
  });

  it('change at once, and back where it was refused', async () => {
    const { page, asked } = await show('settings', { refusal: 'The disk is full.' });
    const choice = page.getByLabel('Start when I log in');
    await choice.click();
    await page.getByRole('status').getByText('The disk is full.').waitFor();
    expect(await choice.isChecked()).toBe(false);
    expect(asked).toEqual([['changeSettings', { startAtLogin: true }]]);
    await page.keyboard.press('Escape');
    await expect.poll(() => asked.at(-1)).toEqual(['closeSettings']);
  });

  it.each([
    ['NONE', 'has no keychain'],
    ['PLAIN', 'No keyring runs'],
    ['KEPT', 'is kept in this computer’s keychain'],
  ] as const)('say honestly where a token goes (%s)', async (keychain, words) => {
    const { page } = await show('settings', { settings: { keychain } });
    await page.locator('#keychain').getByText(words).waitFor();
  });
});

describe('the protection of the keys', () => {
  const PROTECT = 'Protect the keys with the system’s keychain';

  it('is turned on and off, and stays what it was where that was refused', async () => {
    const { page, asked } = await show('settings', { refusal: 'Nothing was changed.' });
    await page.getByLabel(PROTECT).click();
    await page.getByRole('status').getByText('Nothing was changed.').waitFor();
    expect(await page.getByLabel(PROTECT).isChecked()).toBe(false);
    expect(asked).toEqual([['protectKeys']]);
    const on = await show('settings', { settings: { areKeysProtected: true, keychain: 'NONE' } });
    await on.page.getByLabel(PROTECT).click();
    await expect.poll(() => on.asked).toEqual([['unprotectKeys']]);
  });

  it.each([
    ['NONE', 'has no keychain that can be used.'],
    ['PLAIN', 'No keyring that keeps secrets runs'],
  ] as const)(
    'is not offered where no keychain keeps a secret (%s), and says so',
    async (keychain, words) => {
      const { page } = await show('settings', { settings: { keychain } });
      expect(await page.getByLabel(PROTECT).isDisabled()).toBe(true);
      await page.locator('#keys-keychain').getByText(words).waitFor();
    },
  );
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each([
    ['starting', 'status', { status: { kind: 'starting', where: '/var/lib/indelible' } }],
    ['restarting', 'status', { status: { kind: 'restarting', attempt: 2, reason: 'It ended with code 9.' } }],
    ['locked', 'status', { status: LOCKED }],
    ['protected', 'status', { status: failure('KEYCHAIN_LOST', '') }],
    ['settings', 'settings', {}],
    [
      'settings-remote',
      'settings',
      { settings: { remoteUrl: 'https://audit.example.com', keychain: 'PLAIN' } },
    ],
  ] as const)('%s has nothing that axe finds, also on a narrow window', async (name, file, shown) => {
    for (const width of [1280, 400]) {
      const { page } = await show(file, shown, { colorScheme, width });
      expect(await violations(page)).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true });
    }
  });
});

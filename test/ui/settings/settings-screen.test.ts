import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { violationsOn } from '#test/support/accessibility.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';

/** What is to happen soon, on a machine with other work. */
const SOON_MS = 30_000;
const TEST_MS = 90_000;
const HOSTILE = 'collector \u202e<img src=x onerror=alert(1)>';

vi.setConfig({ testTimeout: TEST_MS });

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
}, TEST_MS);

afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

const openSettings = async (token = appliance.adminToken, colorScheme: 'light' | 'dark' = 'light') =>
  await openDesk(browser, { url: appliance.url, token, colorScheme, route: '#/settings' });

const asks = async (token: string, query: string) => (await appliance.graphql(query, {}, token)).codes;

describe('a token', () => {
  it('is made with just what was chosen, shows its secret once, and revoked works no more', async () => {
    const { page, complaints } = await openSettings();
    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByText('Give it a name.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill(HOSTILE);
    await page.getByRole('checkbox', { name: /^records:read/ }).check();
    await page.getByRole('checkbox', { name: 'default' }).check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    const shown = page.getByRole('group', { name: 'the secret' });
    const secret = await shown.getByRole('code').or(shown.locator('code')).first().innerText();
    expect(await asks(secret, '{ ledgers { id size } }')).toEqual([]);
    expect(await asks(secret, '{ tokens { id } }')).toEqual(['FORBIDDEN']);
    await page.getByRole('button', { name: 'I have copied it' }).click();
    expect(await page.getByText(secret).count()).toBe(0);

    const entry = page.locator('.token-list-entry', { hasText: 'collector' });
    await entry.locator('.mark', { hasText: 'U+202E' }).waitFor();
    await entry.getByRole('button', { name: 'Revoke' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await asks(secret, '{ ledgers { id } }')).toEqual([]);
    await entry.getByRole('button', { name: 'Revoke' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Show 1 that do not work any more' }).click({ timeout: SOON_MS });
    expect(await asks(secret, '{ ledgers { id } }')).toEqual(['UNAUTHENTICATED']);
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('is not offered to those who are no administrators', async () => {
    const { page } = await openSettings(await appliance.token(['records:read'], ['default']));
    await page.getByRole('region', { name: 'About' }).waitFor();
    expect(await page.getByRole('region', { name: 'Tokens' }).count()).toBe(0);
    expect(await page.getByRole('region', { name: 'Ledgers' }).count()).toBe(0);
    expect(await page.getByText('Data folder').count()).toBe(0);
  });
});

describe('settings', () => {
  it('make a ledger, and refuse an id that none can have', async () => {
    const { page } = await openSettings();
    const part = page.getByRole('region', { name: 'Ledgers' });
    await part.getByLabel('Id', { exact: true }).fill('-no');
    await part.getByRole('button', { name: 'Make the ledger' }).click();
    await part.getByText('that begin with a letter or digit').waitFor();
    await part.getByLabel('Id', { exact: true }).fill('acme');
    await part.getByLabel(/^Name for people/).fill('Acme');
    await part.getByRole('button', { name: 'Make the ledger' }).click();
    await part.getByRole('link', { name: 'Open acme' }).waitFor({ timeout: SOON_MS });
    const { data } = await appliance.graphql('{ ledger(id: "acme") { name } }');
    expect(data).toEqual({ ledger: { name: 'Acme' } });
  });

  it('of the page hold at once and after it was loaded again; what it keeps can be forgotten', async () => {
    const { page } = await openSettings();
    await page.evaluate(() => {
      const kept = { searches: ['actor:alice'], columns: ['action'], theme: 'LIGHT' };
      localStorage.setItem('indelible.preferences', JSON.stringify(kept));
    });
    await page.reload();
    await page.getByRole('radio', { name: 'Dark' }).check();
    await page.getByRole('switch', { name: 'Single letters act as keys' }).uncheck();
    const scheme = () => page.evaluate(() => document.documentElement.style.colorScheme);
    await expect.poll(scheme, { timeout: SOON_MS }).toBe('dark');
    await page.reload();
    expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);
    expect(await page.getByRole('switch').isChecked()).toBe(false);
    await page.getByRole('button', { name: 'Forget searches and columns' }).click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^Forget/ })
      .click();
    const kept = () => page.evaluate(() => localStorage.getItem('indelible.preferences') ?? '');
    await expect.poll(kept, { timeout: SOON_MS }).toContain('"searches":[]');
    expect(await kept()).toContain('"columns":null');
    expect(await kept()).toContain('"theme":"DARK"');
  });

  it('sign out for good', async () => {
    const { page } = await openSettings();
    await page.getByRole('region', { name: 'Signed in' }).getByRole('button', { name: 'Sign out' }).click();
    await expect.poll(() => page.getByRole('navigation').count(), { timeout: SOON_MS }).toBe(0);
    const { status } = await page.evaluate(async () => {
      const answer = await fetch('graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-indelible-csrf': '1' },
        body: '{"query":"{ ledgers { id } }"}',
      });
      return { status: answer.status };
    });
    expect(status).toBe(401);
  });

  it('of the desktop app are there in the app only, and what does not answer is told', async () => {
    const browsing = await openSettings();
    await browsing.page.getByRole('region', { name: 'About' }).waitFor();
    expect(await browsing.page.getByRole('region', { name: 'Desktop app' }).count()).toBe(0);
    const { page } = await openSettings();
    // What the shell gives the page, as far as the page sees it.
    await page.addInitScript(() => {
      const calls: string[] = [];
      const indelibleDesktop = {
        versions: async () => ({ app: '0.1.0', electron: '45.4.1', chromium: '150' }),
        openSettings: async () => void calls.push('settings'),
        openEvidence: async () => {
          throw new Error('no');
        },
      };
      Object.assign(globalThis, { indelibleDesktop, calls });
    });
    await page.reload();
    const part = page.getByRole('region', { name: 'Desktop app' });
    await part.getByText('Electron 45.4.1').waitFor();
    await part.getByRole('button', { name: 'Open the settings of the app' }).click();
    expect(await page.evaluate(() => Reflect.get(globalThis, 'calls') as unknown)).toEqual(['settings']);
    await part.getByRole('button', { name: /^Open an evidence pack/ }).click();
    await page.getByText('The app does not answer.').first().waitFor();
  });

  it.each(['dark'] as const)(
    'have no fault that axe finds, and fit a narrow window, in the %s theme',
    async (colorScheme) => {
      const { page } = await openSettings(appliance.adminToken, colorScheme);
      await page.setViewportSize({ width: 400, height: 900 });
      await page.getByRole('button', { name: 'New token' }).click();
      expect(await violationsOn(page, '.settings-screen')).toEqual([]);
      const screen = page.locator('.settings-screen');
      expect(await screen.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
      await page.locator('.token-list-entry').first().getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('alertdialog').waitFor();
      expect(await violationsOn(page, '.confirm-button-modal')).toEqual([]);
    },
  );
});

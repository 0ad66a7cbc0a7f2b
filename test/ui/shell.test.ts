import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { type DeskOptions, openDesk } from '#test/support/desk.ts';

let browser: TestBrowser;
let appliance: Appliance;

beforeAll(async () => {
  prepareUi();
  [browser, appliance] = await Promise.all([startBrowser(), startAppliance()]);
  const create = 'mutation ($id: ID!, $name: String!) { createLedger(id: $id, name: $name) { id } }';
  for (let place = 0; place < 10; place += 1) {
    const name = place === 0 ? 'Büro \u202e<img src=x onerror=alert(1)>' : `Team ${place}`;
    await appliance.graphql(create, { id: `team-${place}`, name });
  }
}, 120_000);
afterAll(async () => {
  await browser.close();
  await appliance.stop();
});

/** A ledger without records: its screen has buttons that give notices, and asks for little. */
const open = (options: Partial<DeskOptions> = {}) =>
  openDesk(browser, {
    url: appliance.url,
    token: appliance.adminToken,
    route: '#/search?ledger=team-1',
    ...options,
  });

const palette = (page: Page) => page.getByRole('dialog', { name: 'Commands' });
const help = (page: Page) => page.getByRole('complementary', { name: 'Keys' });
const picker = (page: Page) => page.getByRole('banner').getByRole('button', { name: 'Ledger' });
const routeOf = (page: Page) => new URL(page.url()).hash;

async function faultsOf(page: Page, part: string): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

describe('the palette', () => {
  it('finds a command by some letters, runs it after closing, and remembers it', async () => {
    const { page, complaints } = await open();
    await page.getByText('No records yet').waitFor();
    await page.keyboard.press('Control+k');
    await palette(page).waitFor();
    await page.keyboard.type('go sett');
    await page.keyboard.press('Enter');
    await palette(page).waitFor({ state: 'detached' });
    await page.waitForURL(/#\/settings/);
    await page.keyboard.press('Control+k');
    const options = palette(page).getByRole('option');
    expect(await options.first().innerText()).toContain('Go to Settings');
    expect(await options.first().getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('ArrowUp');
    expect(await options.last().getAttribute('aria-selected')).toBe('true');
    expect(complaints).toEqual([]);
  });

  it('gives the focus back to where it was when it is left, and lets commands move it', async () => {
    const { page } = await open();
    const tab = page.getByRole('tab', { name: 'curl' });
    await tab.focus();
    await page.keyboard.press('Control+k');
    await palette(page).waitFor();
    await page.keyboard.press('Escape');
    await palette(page).waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tab');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('all keys');
    await page.keyboard.press('Enter');
    await help(page).waitFor();
    await page.waitForFunction(() => document.activeElement?.className === 'key-help');
  });

  it('works with the mouse, and says when nothing has such a name', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Find a command' }).click();
    await palette(page).getByRole('combobox').fill('no such thing');
    await palette(page).getByText('Nothing of that name.').waitFor();
    await page.keyboard.press('Enter');
    expect(await palette(page).count()).toBe(1);
    await palette(page).getByRole('combobox').fill('ledger team-3');
    await palette(page).getByRole('option', { name: 'Open ledger team-3' }).click();
    await page.waitForURL(/ledger=team-3/);
  });
});

describe('the list of keys', () => {
  it('lists every key that acts, while the page can be used', async () => {
    const { page } = await open();
    await page.getByText('No records yet').waitFor();
    await page.keyboard.press('?');
    await help(page).waitFor();
    const rows = help(page).getByRole('listitem');
    expect(await rows.filter({ hasText: 'Go to Integrity' }).innerText()).toMatch(/g\s*then\s*i/);
    expect(await rows.filter({ hasText: 'Find a command' }).innerText()).toContain('Ctrl+K');
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await page.waitForURL(/#\/intake/);
    await help(page).waitFor();
    await page.keyboard.press('Escape');
    await help(page).waitFor({ state: 'detached' });
  });

  it('switches single letters off, and keeps that', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Show all keys' }).click();
    const letters = page.getByRole('switch', { name: 'Single letters act' });
    expect(await letters.isChecked()).toBe(true);
    await page.getByText('Single letters act').click();
    expect(await letters.isChecked()).toBe(false);
    await page.keyboard.press('Escape');
    await help(page).waitFor({ state: 'detached' });
    const before = routeOf(page);
    await page.reload();
    await page.getByText('No records yet').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.keyboard.press('?');
    await page.keyboard.press('Control+k');
    await palette(page).waitFor();
    expect(routeOf(page)).toBe(before);
    expect(await help(page).count()).toBe(0);
  });
});

describe('notices', () => {
  it('are heard and seen, stay while the pointer is on them, and go by themselves', async () => {
    const { page } = await open();
    await page.context().grantPermissions(['clipboard-write', 'clipboard-read']);
    await page.clock.install();
    await page.reload();
    await page.getByRole('button', { name: 'Copy the code' }).click();
    const area = page.getByRole('region', { name: 'Notices' });
    await area.getByText('Copied').waitFor();
    expect(await page.getByRole('status').getByText('Copied').count()).toBe(1);
    await area.getByText('Copied').hover();
    await page.clock.fastForward(20_000);
    expect(await area.getByText('Copied').count()).toBe(1);
    await page.mouse.move(5, 300);
    await page.clock.fastForward(6_000);
    await area.getByText('Copied').waitFor({ state: 'detached' });
  });

  it('are dismissed by keyboard', async () => {
    const { page } = await open();
    await page.clock.install();
    await page.reload();
    const copy = page.getByRole('button', { name: 'Copy the code' });
    await copy.press('Enter');
    await page.getByRole('button', { name: 'Dismiss' }).press('Enter');
    await page.getByRole('region', { name: 'Notices' }).waitFor({ state: 'detached' });
  });
});

describe('the ledger picker', () => {
  it('finds one of many by name, and keeps the screen', async () => {
    const { page, complaints } = await open({ route: '#/settings?ledger=team-1' });
    await picker(page).press('Enter');
    await page.getByRole('listbox').waitFor();
    await page.keyboard.type('team 7');
    await page.getByRole('option').filter({ hasText: 'team-7' }).waitFor();
    expect(await page.getByRole('option').count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/settings\?ledger=team-7/);
    await picker(page).getByText('team-7').waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows size, checkpoint, and names for what they are', async () => {
    const { page } = await open();
    await picker(page).click();
    const row = page.getByRole('option').filter({ hasText: 'team-0' });
    expect(await row.innerText()).toMatch(/0 records\s+(?:checkpoint .* old|no checkpoint yet)/);
    expect(await row.innerText()).toContain('U+202E<img src=x onerror=alert(1)>');
    expect(await row.locator('img').count()).toBe(0);
    await page.getByRole('option').filter({ hasText: 'team-2' }).click();
    await page.waitForURL(/ledger=team-2/);
  });
});

describe('the bar', () => {
  it('says whose token it is and what it may do, and signs out for good', async () => {
    const token = await appliance.token(['records:read']);
    const { page } = await open({ token });
    expect(await page.getByRole('link', { name: 'Exports' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Account: test' }).click();
    const account = page.getByRole('dialog', { name: 'Account' });
    expect(await account.innerText()).toContain('records:read');
    const before = await page.context().cookies();
    await account.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Indelible' }).waitFor();
    expect(await page.getByText('Your session has ended').count()).toBe(0);
    await page.context().addCookies(before);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to Indelible' }).waitFor();
  });

  it('says that the appliance does not answer, until it does again', async () => {
    const { page } = await open({ route: '#/settings?ledger=team-1' });
    await page.clock.install();
    await page.reload();
    await page.getByRole('link', { name: 'Settings' }).waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await page.clock.fastForward(16_000);
    const trouble = page.getByText('The appliance does not answer. Trying again…');
    await trouble.waitFor();
    await page.unroute('**/graphql');
    await page.clock.fastForward(16_000);
    await trouble.waitFor({ state: 'detached' });
  });

  it('switches between light and dark, and keeps it', async () => {
    const { page } = await open();
    const scheme = () => page.evaluate(() => document.documentElement.style.colorScheme);
    await page.getByRole('button', { name: 'Switch between dark and light' }).click();
    expect(await scheme()).toBe('dark');
    await page.reload();
    await page.getByText('No records yet').waitFor();
    expect(await scheme()).toBe('dark');
  });

  it('fits a phone, with the palette for what has no room', async () => {
    const { page } = await open({ width: 400 });
    await page.getByText('No records yet').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    for (const name of ['Find a command', /Account/, 'Ledger']) {
      expect(await page.getByRole('button', { name }).first().isVisible()).toBe(true);
    }
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.waitForURL(/#\/settings/);
  });

  it.each(['light', 'dark'] as const)(
    'has no fault that axe finds, in %s',
    async (colorScheme) => {
      const { page } = await open({ colorScheme });
      await page.getByText('No records yet').waitFor();
      expect(await faultsOf(page, '.shell-bar')).toEqual([]);
      await page.keyboard.press('?');
      await help(page).waitFor();
      expect(await faultsOf(page, '.key-help')).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await palette(page).waitFor();
      expect(await faultsOf(page, '.command-palette-overlay')).toEqual([]);
      await page.keyboard.press('Escape');
      await palette(page).waitFor({ state: 'detached' });
      await picker(page).click();
      await page.getByRole('listbox').waitFor();
      expect(await faultsOf(page, '.ledger-picker-popover')).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /Account/ }).click();
      expect(await faultsOf(page, '.account-menu')).toEqual([]);
    },
    40_000,
  );
});

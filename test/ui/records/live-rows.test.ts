import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';
import { eventBy, recordAll, rowsAreThere, soon, textsOf } from './table-desk.ts';

const SLOW = { timeout: 60_000 };
const RECORDS = 60;

let appliance: Appliance;
let browser: TestBrowser;
const folder = mkdtempSync(join(tmpdir(), 'indelible-live-'));

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance({ dataDir: folder }), startBrowser()]);
  await recordAll(
    appliance,
    Array.from({ length: RECORDS }, (_, at) => eventBy(`early-${at}`, at)),
  );
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function openLive(route = '#/search?ledger=default') {
  const { page } = await openDesk(browser, { url: appliance.url, token: appliance.adminToken, route });
  await rowsAreThere(page);
  await page.keyboard.press('f');
  const toggle = page.locator('.live-control-toggle');
  await soon(() => toggle.getAttribute('data-live')).toBe('LIVE');
  return { page, toggle };
}

describe('following', SLOW, () => {
  test('shows what comes on top, holds the filter, and waits while one looks further down', async () => {
    const { page, toggle } = await openLive('#/search?ledger=default&f=-actor%3Anoise');
    await page.keyboard.press('j');
    await page.keyboard.press(' ');
    const actor = () => page.locator('.record-table-row[data-active] [data-column=actor]').textContent();
    const chosen = await actor();
    await recordAll(appliance, [eventBy('late-0'), eventBy('noise'), eventBy('late-1')]);
    await soon(async () => (await textsOf(page, 'actor')).slice(0, 2)).toEqual(['late-1', 'late-0']);
    expect(await actor(), 'what is active stays active').toBe(chosen);
    await page.locator('.record-table-row[aria-selected=true][data-active]').waitFor();

    await page.locator('.record-table-grid').evaluate((grid) => (grid.scrollTop = 600));
    await soon(() => toggle.getAttribute('data-live')).toBe('PAUSED');
    const before = await textsOf(page, 'actor');
    await recordAll(appliance, [eventBy('late-2'), eventBy('late-3')]);
    await soon(() => toggle.textContent()).toBe('Paused, 2 waiting');
    expect(await textsOf(page, 'actor'), 'nothing moves').toEqual(before);
    await page.getByRole('button', { name: 'Show 2 new records' }).click();
    await soon(async () => (await textsOf(page, 'actor')).slice(0, 2)).toEqual(['late-3', 'late-2']);

    await page.keyboard.press('=');
    await recordAll(appliance, [eventBy('late-4')]);
    await soon(() => toggle.textContent()).toBe('Paused, 1 waiting');
    await page.keyboard.press('=');
    await soon(async () => (await textsOf(page, 'actor'))[0]).toBe('late-4');
  });

  test('is refused in another order, with the reason', async () => {
    const route = '#/search?ledger=default&sort=occurred';
    const { page } = await openDesk(browser, { url: appliance.url, token: appliance.adminToken, route });
    await rowsAreThere(page);
    await page.keyboard.press('f');
    await page.getByText('Following works with the newest record first.').first().waitFor();
  });

  test('goes on without a gap after the appliance was away', async () => {
    const { page, toggle } = await openLive();
    await recordAll(appliance, [eventBy('before-0')]);
    await soon(async () => (await textsOf(page, 'actor'))[0]).toBe('before-0');
    const { port } = new URL(appliance.url);
    await appliance.stop();
    await soon(() => toggle.textContent()).toMatch(/^Reconnecting in/);
    appliance = await startAppliance({ dataDir: folder, env: { PORT: port } });
    await recordAll(appliance, [eventBy('after-0'), eventBy('after-1')]);
    await soon(async () => (await textsOf(page, 'actor')).slice(0, 3)).toEqual([
      'after-1',
      'after-0',
      'before-0',
    ]);
    await soon(() => toggle.getAttribute('data-live')).toBe('LIVE');
  });
});

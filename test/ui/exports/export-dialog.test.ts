import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareUi, prepareVerifyPage } from '#scripts/prepare.ts';
import { violationsOn } from '#test/support/accessibility.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';
import { recordSome } from '#test/support/desk-data.ts';

/** What is to happen soon, on a machine with other work. */
const SOON_MS = 30_000;
const TEST_MS = 90_000;
const RECORDS = 700;
const LOGINS = 100;

vi.setConfig({ testTimeout: TEST_MS });

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  prepareVerifyPage();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
  await recordSome(appliance, 'default', RECORDS);
}, TEST_MS);

afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

const openExports = async (token = appliance.adminToken, colorScheme: 'light' | 'dark' = 'light') =>
  await openDesk(browser, {
    url: appliance.url,
    token,
    colorScheme,
    route: '#/exports?ledger=default',
  });

async function download(page: Page, name: RegExp): Promise<Buffer> {
  const link = page.getByRole('dialog', { name: 'Export' }).getByRole('link', { name });
  await link.waitFor({ timeout: SOON_MS });
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return readFileSync(await file.path());
}

describe('an export', () => {
  it('is asked for by key, counted beforehand, and gives a file with the hash that is shown', async () => {
    const { page, complaints } = await openExports();
    await page.getByText('Nothing was exported from this ledger yet.').waitFor();
    await page.keyboard.press('x');
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await dialog.getByRole('radio', { name: /^NDJSON/ }).check();
    await dialog.getByRole('checkbox', { name: 'Actor' }).check();
    await dialog.getByRole('button', { name: `Export ${RECORDS} records` }).click();
    const content = await download(page, /^Download the NDJSON/);
    const lines = content.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(RECORDS);
    expect(content.toString()).not.toContain('user-3');
    const hash = createHash('sha256').update(content).digest('hex');
    await dialog.getByText(hash).waitFor();
    await page.getByText(`The export is ready: NDJSON, ${RECORDS} records.`).first().waitFor();
    // The same is on the screen of exports.
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count(), { timeout: SOON_MS }).toBe(0);
    const list = page.getByRole('list', { name: 'Exports' });
    await list.getByText(hash).waitFor();
    await list.getByText('Left out: Actor').waitFor();
    expect(complaints).toEqual([]);
  });

  it('warns of what a spreadsheet would run, and says what an evidence pack is good for', async () => {
    const { page } = await openExports();
    await page.getByRole('button', { name: 'New export…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await dialog.getByText('stays provable').waitFor();
    await dialog.getByText('anyone can verify it').waitFor();
    await dialog.getByRole('radio', { name: /^CSV/ }).check();
    await dialog.getByText('apostrophe').waitFor();
    await dialog.getByRole('button', { name: /^Export 700/ }).click();
    const content = await download(page, /^Download the CSV/);
    expect(content.toString().trimEnd().split('\n')).toHaveLength(RECORDS + 1);
  });

  it('that fails on the way says why, and the choice is still there', async () => {
    const { page } = await openExports();
    await page.getByRole('button', { name: 'New export…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await dialog.getByRole('checkbox', { name: 'Details' }).check();
    await page.route('**/graphql', async (route) => {
      const isStart = route.request().postData()?.includes('mutation StartExport') === true;
      await (isStart ? route.abort() : route.continue());
    });
    await dialog.getByRole('button', { name: /^Export 700/ }).click();
    await dialog.getByRole('alert').waitFor();
    expect(await dialog.getByRole('checkbox', { name: 'Details' }).isChecked()).toBe(true);
  });

  it('holds only what the search finds, and the selection only what was selected', async () => {
    const { graphql } = appliance;
    const mutation = `mutation ($search: String) {
      startExport(ledger: "default", format: NDJSON, search: $search) { id } }`;
    const countOf = async (search: string): Promise<number> => {
      const begun = await graphql<{ startExport: { id: string } }>(mutation, { search });
      const query = `{ export(id: "${begun.data.startExport.id}") { state count } }`;
      const look = async () =>
        (await graphql<{ export: { state: string; count: number } }>(query)).data.export;
      await expect.poll(async () => (await look()).state, { timeout: SOON_MS }).toBe('DONE');
      return (await look()).count;
    };
    expect(await countOf('action:user.login')).toBe(LOGINS);
    expect(await countOf('index:(0 3..5 699 700)')).toBe(5);
  });
});

describe('the dialog', () => {
  it('takes the focus, gives it back, and leaves the page in use', async () => {
    const { page } = await openExports();
    const button = page.getByRole('button', { name: 'New export…' });
    await button.click();
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await expect
      .poll(() => dialog.evaluate((one) => one.contains(document.activeElement)), { timeout: SOON_MS })
      .toBe(true);
    await page.keyboard.press('Escape');
    await expect
      .poll(() => button.evaluate((one) => one === document.activeElement), { timeout: SOON_MS })
      .toBe(true);
    await button.click();
    await page.getByRole('link', { name: 'Intake' }).click();
    await expect.poll(() => dialog.count(), { timeout: SOON_MS }).toBe(0);
  });

  it('says where it cannot count, and is not there for those who may not export', async () => {
    const { page } = await openExports(await appliance.token(['exports:create'], ['default']));
    await page.getByRole('button', { name: 'New export…' }).click();
    await page.getByText('only with the scope records:read').waitFor();
    const reader = await openExports(await appliance.token(['records:read'], ['default']));
    await reader.page.getByText('This needs a token with the scope exports:create.').waitFor();
    await reader.page.keyboard.press('x');
    expect(await reader.page.getByRole('dialog').count()).toBe(0);
  });

  it.each(['dark'] as const)(
    'has no fault that axe finds, and fits a narrow window, in the %s theme',
    async (colorScheme) => {
      const { page } = await openExports(appliance.adminToken, colorScheme);
      await page.setViewportSize({ width: 400, height: 900 });
      await page.getByRole('button', { name: 'New export…' }).click();
      await page.getByRole('button', { name: /^Export 700/ }).waitFor();
      await page.getByRole('radio', { name: /^CSV/ }).check();
      expect(await violationsOn(page)).toEqual([]);
      const box = await page.getByRole('dialog', { name: 'Export' }).boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(400);
    },
  );
});

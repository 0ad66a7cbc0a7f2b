import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';

const START_MS = 90_000;
const RECORDS = 3;

let browser: TestBrowser;
let appliance: Appliance;

beforeAll(async () => {
  prepareUi();
  [browser, appliance] = await Promise.all([startBrowser(), startAppliance()]);
  const events = Array.from({ length: RECORDS }, (_, at) => ({
    id: `e-${at}`,
    timestamp: `2026-01-01T0${at}:00:00.000Z`,
    action: 'data.read',
    actor: { id: 'alice' },
  }));
  const recorded = await appliance.graphql(
    `mutation ($events: [EventInput!]!) {
      recordEvents(ledger: "default", events: $events, ack: RECORDED) { receipts { eventId } } }`,
    { events },
  );
  expect(recorded.errors).toEqual([]);
  const { errors } = await appliance.graphql(`mutation { eraseSections(ledger: "default",
    index: ${RECORDS - 1}, sections: ["event", "actor"], reason: "they asked for it") { __typename } }`);
  expect(errors).toEqual([]);
}, START_MS);

afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

const open = (route: string) => openDesk(browser, { url: appliance.url, token: appliance.adminToken, route });
const rowsOf = (page: Page) => page.locator('.record-table-row');

/** From now on this operation fails as a broken connection does. */
async function breakOperation(page: Page, name: string): Promise<void> {
  await page.route('**/graphql', (route) =>
    route.request().postData()?.includes(`query ${name}(`) === true ? route.abort() : route.fallback(),
  );
}

describe('what the page shows', () => {
  it('is never of another ledger than the link names', async () => {
    const { page } = await open('#/search?ledger=secret&open=0');
    const link = page.getByRole('link', { name: 'Open ledger default' });
    await link.waitFor();
    expect(await page.locator('main').textContent()).toContain('no ledger “secret” here');
    expect(await page.locator('.record-panel').count()).toBe(0);
    await link.click();
    await rowsOf(page).first().waitFor();
  });

  it('has its numbers and its chart where the newest record was erased', async () => {
    const { page } = await open('#/search?ledger=default');
    await page.locator('.totals-line').getByText('3 of 3 records').waitFor();
    await page.locator('.histogram-chart').waitFor();
    expect(await page.locator('.problem').count()).toBe(0);
  });

  it('stays, with what went wrong beside it, where looking again fails', async () => {
    const { page } = await open('#/search?ledger=default');
    await rowsOf(page)
      .nth(RECORDS - 1)
      .waitFor();
    await breakOperation(page, 'LedgerSnapshot');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.locator('.search-screen > .problem').waitFor();
    expect(await rowsOf(page).count()).toBe(RECORDS);
  });

  it('comes whatever the browser kept', async () => {
    const { page, complaints } = await open('#/settings?ledger=default');
    await page.evaluate(() => {
      const kept = { rows: 'NONE', columns: 'time', columnWidths: { time: 'x' }, searches: [{}], theme: 7 };
      localStorage.setItem('indelible.preferences', JSON.stringify(kept));
    });
    await page.goto(`${appliance.url}/#/search?ledger=default`);
    await page.reload();
    await rowsOf(page)
      .nth(RECORDS - 1)
      .waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('a key', () => {
  it('that takes the last change back never leaves the page that a link opened', async () => {
    const { page } = await open('#/search?ledger=default&q=actor%3Aalice');
    await rowsOf(page).first().waitFor();
    const opened = page.url();
    await page.keyboard.press('u');
    await page.getByText('Nothing to undo').last().waitFor();
    expect(page.url()).toBe(opened);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.record-panel').waitFor();
    await page.keyboard.press('u');
    await page.locator('.record-panel').waitFor({ state: 'detached' });
    expect(page.url()).toBe(opened);
  });

  it('pressed in a question that has to be answered does nothing behind it', async () => {
    await appliance.token(['records:read']);
    const { page } = await open('#/settings?ledger=default');
    const zone = () => page.evaluate(() => localStorage.getItem('indelible.preferences')?.includes('"UTC"'));
    const revoke = page.getByRole('button', { name: 'Revoke' }).first();
    await revoke.waitFor();
    await page.keyboard.press('t');
    await expect.poll(zone).toBe(true);
    await revoke.click();
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('t');
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await zone()).toBe(true);
  });
});

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { violationsOn } from '#test/support/accessibility.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';
import { createLedger, quarantine, recordSome } from '#test/support/desk-data.ts';

/** What is to happen soon, on a machine with other work. */
const SOON_MS = 30_000;
const TEST_MS = 90_000;
const HOSTILE = 'q \u202e<img src=x onerror=alert(1)>';

vi.setConfig({ testTimeout: TEST_MS });

let appliance: Appliance;
let browser: TestBrowser;
let ledger: string;
let made = 0;

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
}, TEST_MS);

afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

beforeEach(async () => {
  ledger = `ledger-${made++}`;
  await createLedger(appliance, ledger, null);
  await recordSome(appliance, ledger, 20);
});

const openIntake = async (token = appliance.adminToken, colorScheme: 'light' | 'dark' = 'light') =>
  await openDesk(browser, { url: appliance.url, token, colorScheme, route: `#/intake?ledger=${ledger}` });

/** The numbers of the sum, in its order. */
async function sumOn(page: Page): Promise<readonly number[]> {
  const terms = await page.locator('.intake-state-term strong').allInnerTexts();
  return terms.map((text) => Number(text.replaceAll(',', '')));
}

describe('the intake', () => {
  it('adds up: accepted is recorded and quarantined and waiting, and follows what comes in', async () => {
    quarantine(appliance, ledger, [{ eventId: 'a' }, { eventId: 'b' }]);
    const { page, complaints } = await openIntake();
    await expect.poll(() => sumOn(page), { timeout: SOON_MS }).toEqual([22, 20, 2, 0]);
    await page.getByText('the three add up').waitFor();
    await page.getByRole('img', { name: /^20 records in the last hour/ }).waitFor();
    await page.getByRole('button', { name: 'As a table' }).click();
    const table = page.getByRole('region', { name: /by the minute$/ }).getByRole('table');
    const counts = await table.getByRole('cell').allInnerTexts();
    expect(counts.reduce((sum, text) => sum + Number(text), 0)).toBe(20);
    const event = `mutation { recordEvent(ledger: "${ledger}", event: { action: "a" }, ack: RECORDED) {
        outcome } }`;
    await appliance.graphql(event);
    await expect.poll(() => sumOn(page), { timeout: SOON_MS }).toEqual([23, 21, 2, 0]);
    expect(complaints).toEqual([]);
  });

  it('says so where the numbers do not add up', async () => {
    const { page } = await openIntake();
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('query IntakeState') !== true) return route.continue();
      const response = await route.fetch();
      const text = (await response.text()).replace(/"accepted":20\b/, '"accepted":23');
      await route.fulfill({ response, body: text });
    });
    const alarm = page.getByRole('alert').filter({ hasText: '3 events unaccounted for' });
    await alarm.waitFor({ timeout: SOON_MS });
    expect(await page.getByText('the three add up').count()).toBe(0);
  });

  it('shows each part only to those who may see it', async () => {
    const reader = await openIntake(await appliance.token(['records:read'], [ledger]));
    await expect.poll(() => sumOn(reader.page), { timeout: SOON_MS }).toEqual([20, 20, 0, 0]);
    await reader.page.getByText('The quarantine needs the scope admin.').waitFor();
    const admin = await openIntake(await appliance.token(['admin'], [ledger]));
    await admin.page.getByText('No event is in quarantine.').waitFor();
    await admin.page.getByText('Numbers of the intake need the scope records:read.').waitFor();
  });
});

describe('the quarantine', () => {
  it('is worked by keyboard: walked, opened, selected, and replayed to be recorded', async () => {
    quarantine(appliance, ledger, [{ eventId: 'first' }, { eventId: 'second' }, { eventId: 'third' }]);
    const { page } = await openIntake();
    await page.getByRole('button', { name: 'third' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const original = page.getByRole('region', { name: 'As it was accepted' });
    // Every digit of what was sent.
    await original.getByText('12345678901234567890').waitFor();
    await page.keyboard.press(' ');
    await page.keyboard.press('j');
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Replay 2 events' }).press('Enter');
    await page.getByText('2 events replayed.').first().waitFor();
    await expect.poll(() => sumOn(page), { timeout: SOON_MS }).toEqual([23, 22, 1, 0]);
    expect(await page.locator('[data-event]').count()).toBe(1);
    const query = `{ records(ledger: "${ledger}", search: "action:thing.done") { nodes { eventId } } }`;
    const { data } = await appliance.graphql<{ records: { nodes: { eventId: string }[] } }>(query);
    expect(data.records.nodes.map(({ eventId }) => eventId).toSorted()).toEqual(['second', 'third']);
  });

  it('replays what can be, and says of each other one why not', async () => {
    quarantine(appliance, ledger, [{ eventId: 'kept' }, { eventId: 'gone' }]);
    const { page } = await openIntake();
    await page.getByRole('checkbox', { name: 'Select all that are open' }).check();
    const list = await appliance.graphql<{
      quarantinedEvents: { edges: { node: { id: string; eventId: string } }[] };
    }>(`{ quarantinedEvents(ledger: "${ledger}") { edges { node { id eventId } } } }`);
    const gone = list.data.quarantinedEvents.edges.find(({ node }) => node.eventId === 'gone')?.node.id;
    // Somebody else decides in the meantime.
    await appliance.graphql(`mutation { discardQuarantinedEvent(id: "${gone}", reason: "x") { id } }`);
    await page.getByRole('button', { name: 'Replay 2 events' }).click();
    await page.getByText('1 event replayed, 1 not:').waitFor({ timeout: SOON_MS });
    await page.locator('.replay-report li', { hasText: /^gone: / }).waitFor();
  });

  it('discards only with a reason, which stays with the event', async () => {
    quarantine(appliance, ledger, [{ eventId: HOSTILE, line: 'no event \u200b at all' }]);
    const { page, complaints } = await openIntake();
    await page.locator('.quarantine-line-name').click();
    await page.getByText('It cannot be read as an event.').waitFor();
    await page.locator('pre .mark', { hasText: 'U+200B' }).waitFor();
    expect(await page.locator('img[src=x]').count()).toBe(0);
    await page.getByRole('button', { name: /^Discard the event q \[U\+202E\]/ }).click();
    const discard = page.getByRole('button', { name: 'Discard it' });
    expect(await discard.isDisabled()).toBe(true);
    await page.getByLabel('Why is it given up?').fill('a test <b>');
    await discard.click();
    await page.getByText('No event is in quarantine.').waitFor({ timeout: SOON_MS });
    await page.getByRole('combobox', { name: 'Show' }).selectOption('Discarded');
    await page.locator('.quarantine-line-name').click();
    await page.getByText('a test <b>').waitFor();
    expect(await page.getByRole('button', { name: /^Replay the event/ }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it.each(['dark'] as const)(
    'has no fault that axe finds, and fits a narrow window, in the %s theme',
    async (colorScheme) => {
      quarantine(appliance, ledger, [{ eventId: HOSTILE }, { eventId: 'b' }]);
      const { page } = await openIntake(appliance.adminToken, colorScheme);
      await page.locator('.quarantine-line-name').first().click();
      await page.getByRole('button', { name: /^Discard the event/ }).click();
      await page.getByRole('region', { name: 'As it was accepted' }).waitFor();
      await page.getByRole('button', { name: 'As a table' }).click();
      expect(await violationsOn(page, '.intake-screen')).toEqual([]);
      await page.setViewportSize({ width: 400, height: 900 });
      const screen = page.locator('.intake-screen');
      expect(await screen.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
      expect(await violationsOn(page, '.intake-screen')).toEqual([]);
    },
  );
});

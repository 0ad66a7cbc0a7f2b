import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import {
  startBrowser,
  type TestBrowser,
  type TestWindow,
  type WindowOptions,
} from '#test/support/browser.ts';

/** Axe reads the whole page many times over, and a machine may be slow. */
const AXE_MS = 90_000;

let appliance: Appliance;
let browser: TestBrowser;
let ledger: string;
let ledgers = 0;

let dataDir: string;

beforeAll(async () => {
  prepareUi();
  // Given, so that it outlives the appliance that one of the tests stops.
  dataDir = mkdtempSync(join(tmpdir(), 'indelible-ui-'));
  appliance = await startAppliance({ dataDir });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await appliance.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  ledger = `page-${++ledgers}`;
  const { errors } = await appliance.graphql('mutation ($id: ID!) { createLedger(id: $id) { id } }', {
    id: ledger,
  });
  expect(errors).toEqual([]);
});

async function open(options: WindowOptions = {}): Promise<TestWindow> {
  const window = await browser.open(options);
  onTestFinished(() => window.close());
  await window.page.goto(appliance.url);
  return window;
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A window that is signed in with a token of its own, on the test's own ledger. */
async function openDesk(options: WindowOptions = {}): Promise<TestWindow> {
  const token = await appliance.token(['records:read', 'events:write'], [ledger]);
  const window = await open(options);
  await signIn(window.page, token);
  await live(window.page).waitFor();
  return window;
}

const live = (page: Page) => page.getByRole('button', { name: 'live', exact: true });
const rows = (page: Page) => page.locator('tbody tr');

/** Sends events with these actions and waits until they are recorded. */
async function send(actions: readonly string[], more: Record<string, unknown> = {}): Promise<void> {
  const events = actions.map((action) => ({ action, ...more }));
  const { errors, data } = await appliance.graphql<{ recordEvents: { rejected: number } }>(
    `mutation ($ledger: ID!, $events: [EventInput!]!) {
      recordEvents(ledger: $ledger, events: $events, ack: RECORDED) { rejected } }`,
    { ledger, events },
  );
  expect(errors).toEqual([]);
  expect(data.recordEvents.rejected).toBe(0);
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => `act.${from + at}`);

/** The indexes on the page, newest first. */
async function indexes(page: Page): Promise<number[]> {
  return (await rows(page).locator('td.index').allTextContents()).map(Number);
}

const downFrom = (index: number, count: number) => Array.from({ length: count }, (_, at) => index - at);

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

test('a wrong token is named, a good one survives a reload, and signing out forgets it', async () => {
  const { page, complaints } = await open();
  await signIn(page, 'wrong');
  await page.getByText('This token is not valid').waitFor();
  expect(complaints.filter((complaint) => !complaint.includes('401'))).toEqual([]);
  await signIn(page, await appliance.token(['events:write'], [ledger]));
  await page.getByRole('alert').getByText('scope').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, await appliance.token(['records:read'], [ledger]));
  await live(page).waitFor();
  await page.reload();
  await live(page).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Access token').waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem('indelible.token'))).toBeNull();
  await page.reload();
  await page.getByLabel('Access token').waitFor();
});

test('the empty page gives a command that sends the first event, which appears by itself', async () => {
  const { page } = await openDesk();
  const command = await page.getByRole('region', { name: 'Command' }).innerText();
  const url = /curl -X POST '([^']+)'/.exec(command)?.[1] ?? '';
  const body = /-d '([^']+)'/.exec(command)?.[1] ?? '';
  expect(url.startsWith(appliance.url)).toBe(true);
  const token = await appliance.token(['events:write'], [ledger]);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
  await rows(page).filter({ hasText: 'user.login' }).filter({ hasText: 'alice' }).waitFor();
  await page.getByText('1 record', { exact: true }).waitFor();
  await page.getByText('checkpoint over all').waitFor();
});

test('the newest fifty are there at once, all after them come live, each once; 200 are kept', async () => {
  await send(numbered(0, 60));
  const { page } = await openDesk();
  await rows(page).nth(49).waitFor();
  expect(await indexes(page)).toEqual(downFrom(59, 50));
  for (let from = 60; from < 260; from += 40) await send(numbered(from, 40));
  await rows(page).filter({ hasText: 'act.259' }).waitFor();
  expect(await indexes(page)).toEqual(downFrom(259, 200));
});

test('after the server was away the page goes on where it stood, with no gap and nothing twice', async () => {
  await send(numbered(0, 3));
  const { page } = await openDesk();
  await rows(page).nth(2).waitFor();
  const { port } = new URL(appliance.url);
  await appliance.stop();
  await page.getByRole('button', { name: 'reconnecting' }).waitFor();
  appliance = await startAppliance({ dataDir, env: { PORT: port } });
  await send(numbered(3, 5));
  await rows(page).filter({ hasText: 'act.7' }).waitFor();
  expect(await indexes(page)).toEqual(downFrom(7, 8));
});

test('paused, by key or by scrolling, nothing moves and what waits is counted', async () => {
  await send(numbered(0, 100));
  const { page } = await openDesk();
  await rows(page).nth(49).waitFor();
  await page.keyboard.press('=');
  await page.getByRole('button', { name: 'paused', exact: true }).waitFor();
  await send(numbered(100, 7));
  await page.getByRole('button', { name: 'paused, 7 waiting' }).waitFor();
  expect(await indexes(page)).toEqual(downFrom(99, 50));
  await page.keyboard.press('f');
  await rows(page).filter({ hasText: 'act.106' }).waitFor();
  expect(await indexes(page)).toEqual(downFrom(106, 57));
  await page.locator('.scroller').evaluate((scroller) => scroller.scrollTo(0, 300));
  await page.getByRole('button', { name: 'paused', exact: true }).waitFor();
  await send(numbered(107, 2));
  await page.getByRole('button', { name: 'paused, 2 waiting' }).waitFor();
  await page.locator('.scroller').evaluate((scroller) => scroller.scrollTo(0, 0));
  await rows(page).filter({ hasText: 'act.108' }).waitFor();
});

test('rows are walked, opened and closed by keys, and the selection stays with its record', async () => {
  await send(numbered(0, 5), { actor: { id: 'alice', name: 'Alice' }, details: { n: 1 } });
  const { page } = await openDesk();
  await rows(page).nth(4).waitFor();
  const selected = page.locator('tr[aria-selected=true] td.index');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  expect(await selected.textContent()).toBe('3');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary');
  await panel.getByText('{"details":{"n":1}}').waitFor();
  await panel.getByText('Alice did act.3').waitFor();
  await page.keyboard.press('j');
  await panel.getByText('Alice did act.2').waitFor();
  await send(['act.5']);
  await rows(page).filter({ hasText: 'act.5' }).waitFor();
  expect(await selected.textContent()).toBe('2');
  await page.keyboard.press('k');
  await panel.getByText('Alice did act.3').waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'hidden' });
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-index'))).toBe('3');
});

test('times have their offset, and one key turns them to UTC and back', async () => {
  await send(['act'], { timestamp: '2026-07-01T22:30:00.5Z' });
  const { page } = await openDesk({ timezoneId: 'Asia/Kathmandu' });
  await page.getByText('2026-07-02 04:15:00.500 +05:45').waitFor();
  await page.keyboard.press('t');
  await page.getByText('2026-07-01 22:30:00.500 Z').waitFor();
  await page.reload();
  await page.getByText('2026-07-01 22:30:00.500 Z').waitFor();
});

test('on a narrow page every column is read in full, and no rule of axe is broken', async () => {
  await send(['medication.administer'], {
    actor: { id: 'paula', name: 'Paula Schmid' },
    target: { id: 'p-1' },
  });
  const { page } = await openDesk({ width: 400 });
  await rows(page).first().waitFor();
  for (const name of ['action', 'actor', 'target', 'time', 'status']) {
    const cell = rows(page).first().locator(`td.${name}`);
    expect(await cell.evaluate((at) => at.clientWidth > 0 && at.scrollWidth <= at.clientWidth), name).toBe(
      true,
    );
  }
  expect(await violations(page)).toEqual([]);
  await page.getByRole('row').filter({ hasText: 'medication.administer' }).click();
  await page.getByText('Paula Schmid did medication.administer').waitFor();
});

test('a ledger that is made while the page is open is offered to whoever comes back to it', async () => {
  const { page } = await open();
  await signIn(page, appliance.adminToken);
  await live(page).waitFor();
  const later = `${ledger}-later`;
  await appliance.graphql('mutation ($id: ID!) { createLedger(id: $id) { id } }', { id: later });
  await page.evaluate(() => globalThis.dispatchEvent(new Event('focus')));
  await page.locator(`option[value="${later}"]`).waitFor({ state: 'attached' });
  await page.getByLabel('Ledger').selectOption(later);
  await page.getByText('No records yet').waitFor();
});

test('all keys are listed, and single letters can be switched off for good', async () => {
  await send(numbered(0, 2));
  const { page } = await openDesk();
  await rows(page).nth(1).waitFor();
  await page.keyboard.press('?');
  const box = page.getByLabel('Single letters act');
  await box.uncheck();
  await page.getByRole('region', { name: 'Keys' }).getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('j');
  expect(await page.locator('tr[aria-selected=true]').count()).toBe(0);
  await page.keyboard.press('ArrowDown');
  expect(await page.locator('tr[aria-selected=true]').count()).toBe(1);
});

test('a token that is revoked ends the view with the reason', async () => {
  const secret = await appliance.token(['records:read'], [ledger]);
  const { page } = await open();
  await signIn(page, secret);
  await live(page).waitFor();
  const { data } = await appliance.graphql<{ tokens: { id: string }[] }>('{ tokens { id } }');
  const id = data.tokens.at(-1)?.id;
  await appliance.graphql('mutation ($id: ID!) { revokeToken(id: $id) { id } }', { id });
  await send(['act']);
  await page.getByText('You were signed out').waitFor();
});

test(
  'no rule of axe is broken on any screen, in light and in dark',
  async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open({ colorScheme });
      await signIn(page, 'wrong');
      await page.getByText('This token is not valid').waitFor();
      expect(await violations(page), `${colorScheme}: sign in`).toEqual([]);
      const desk = (await openDesk({ colorScheme })).page;
      if (colorScheme === 'light') {
        await desk.getByText('No records yet').waitFor();
        expect(await violations(desk), 'empty').toEqual([]);
        await send(['act'], { status: 'FAILURE', actor: { id: 'a', type: 'user', name: '\u202ea' } });
        await send(['act'], { status: 'ATTEMPT', details: { n: 1 } });
      }
      await rows(desk).nth(1).waitFor();
      await desk.keyboard.press('j');
      await desk.keyboard.press('Enter');
      await desk.getByText('leaf hash').waitFor();
      await desk.keyboard.press('?');
      expect(await violations(desk), `${colorScheme}: record and keys`).toEqual([]);
      await desk.keyboard.press('Escape');
      await desk.keyboard.press('=');
      await desk.getByRole('button', { name: 'paused' }).waitFor();
      expect(await violations(desk), `${colorScheme}: paused`).toEqual([]);
    }
  },
  AXE_MS,
);

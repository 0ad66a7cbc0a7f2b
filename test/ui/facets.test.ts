import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { type DeskOptions, openDesk } from '#test/support/desk.ts';

let browser: TestBrowser;
let appliance: Appliance;

const HOSTILE = '\u202e<img src=x onerror=alert(1)>" OR *';
/** `action-0` once, `action-1` twice, and so on; one by somebody with a hostile name. */
const EVENTS = [
  ...Array.from({ length: 12 }, (_, kind) =>
    Array.from({ length: kind + 1 }, () => ({
      action: `action-${kind}`,
      actor: { id: 'alice', type: 'user' },
    })),
  ).flat(),
  { action: 'action-11', actor: { id: HOSTILE, type: 'user' }, status: 'FAILURE' },
];

beforeAll(async () => {
  prepareUi();
  [browser, appliance] = await Promise.all([startBrowser(), startAppliance()]);
  const { text } = await appliance.request('/v1/events?ledger=default&ack=recorded', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(EVENTS),
  });
  expect(text).toContain('"rejected":0');
}, 120_000);
afterAll(async () => {
  await browser.close();
  await appliance.stop();
});

const open = (options: Partial<DeskOptions> = {}) =>
  openDesk(browser, {
    url: appliance.url,
    token: appliance.adminToken,
    route: '#/search?ledger=default',
    ...options,
  });

const group = (page: Page, name: string) => page.getByRole('group', { name, exact: true });
const value = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const pillsOf = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).getAll('f');

describe('facets', () => {
  it('count every value exactly, most frequent first, and more when asked', async () => {
    const { page, complaints } = await open();
    await value(page, 'action-11 13 records').waitFor();
    const rows = group(page, 'Action').getByRole('listitem');
    expect(await rows.count()).toBe(8);
    expect(await rows.nth(1).innerText()).toMatch(/action-10\s+11/);
    await group(page, 'Action').getByRole('button', { name: 'Show more' }).click();
    await value(page, 'action-0 1 record').waitFor();
    expect(await rows.count()).toBe(12);
    await group(page, 'Action').getByRole('button', { name: 'Show fewer' }).click();
    expect(await rows.count()).toBe(8);
    expect(complaints).toEqual([]);
  });

  it('become filters by a click, and leave out by the other button or with Alt', async () => {
    const { page } = await open();
    await value(page, 'action-11 13 records').click();
    await page.waitForURL(/f=/);
    expect(pillsOf(page)).toEqual(['action:action-11']);
    await value(page, 'alice 12 records').waitFor();
    expect(await value(page, 'action-11 13 records').getAttribute('aria-pressed')).toBe('true');
    await value(page, 'SUCCESS 12 records').click({ modifiers: ['Alt'] });
    await value(page, 'FAILURE 1 record').waitFor();
    expect(pillsOf(page)).toEqual(['action:action-11', '-status:success']);
    await page.goBack();
    await value(page, 'SUCCESS 12 records').hover();
    await page.getByRole('button', { name: 'Leave out status:success' }).click();
    await page.waitForURL(/-status/);
  });

  it('are walked by keys: one stop a group, arrows inside', async () => {
    const { page } = await open();
    await value(page, 'action-11 13 records').waitFor();
    await page.getByRole('button', { name: 'Action', exact: true }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL(/f=/);
    expect(pillsOf(page)).toEqual(['-action:action-10']);
  });

  it('find exactly a value that is written to deceive, and run nothing of it', async () => {
    const { page, complaints } = await open();
    const row = group(page, 'Actor').getByRole('listitem').filter({ hasText: 'U+202E' });
    await row.waitFor();
    expect(await row.locator('img').count()).toBe(0);
    await row.getByRole('button').first().click();
    await value(page, 'action-11 1 record').waitFor();
    expect(pillsOf(page)).toEqual([`actor:"${HOSTILE.replace('"', '\\"')}"`]);
    expect(complaints).toEqual([]);
  });

  it('are asked for in one request, the open groups only, and stay as they were left', async () => {
    const { page } = await open();
    await value(page, 'action-11 13 records').waitFor();
    await Promise.all([
      page.waitForResponse((response) => response.request().postData()?.includes('FacetCounts') === true),
      page.getByRole('button', { name: 'Status', exact: true }).click(),
    ]);
    const asked: unknown[] = [];
    page.on('request', (request) => {
      const body = request.postData() ?? '';
      if (body.includes('query FacetCounts')) asked.push(JSON.parse(body).variables);
    });
    await page.reload();
    await value(page, 'action-11 13 records').waitFor();
    // Asked again only where the appliance was too busy.
    expect(new Set(asked.map((variables) => JSON.stringify(variables))).size).toBe(1);
    expect(asked[0]).toMatchObject({ action: true, status: false, actorId: true, source: false });
    await page.getByRole('button', { name: 'Type of actor', exact: true }).click();
    await value(page, 'user 79 records').waitFor();
  });

  it('say their own problem and leave the rest alone', async () => {
    const { page } = await open();
    await value(page, 'action-11 13 records').waitFor();
    await page.route('**/graphql', async (route) => {
      const isFacets = route.request().postData()?.includes('query FacetCounts') === true;
      await (isFacets ? route.fulfill({ status: 502, body: 'no' }) : route.continue());
    });
    await page.reload();
    await page.locator('.facet-list').getByRole('alert').waitFor();
    await page.locator('.histogram-read').getByText('79 records in').waitFor();
    await page.unroute('**/graphql');
    await page.locator('.facet-list').getByRole('button', { name: 'Try again' }).click();
    await value(page, 'action-11 13 records').waitFor();
  });
});

describe('the column of facets', () => {
  it('is hidden and shown again, and that is kept', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Hide the filters' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Show the filters' }).click();
    await value(page, 'action-11 13 records').waitFor();
  });

  it('is a button in a narrow window', async () => {
    const { page } = await open({ width: 400 });
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('dialog', { name: 'Filters' }).waitFor();
    await value(page, 'action-11 13 records').click();
    await page.waitForURL(/f=/);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Filters' }).waitFor({ state: 'detached' });
  });

  it.each(['dark'] as const)('has no fault that axe finds, in %s', async (colorScheme) => {
    const { page } = await open({ colorScheme });
    await value(page, 'action-11 13 records').click();
    await value(page, 'alice 12 records').waitFor();
    await page.locator('.facet-group-values[data-stale=true]').first().waitFor({ state: 'detached' });
    const { violations } = await new AxeBuilder({ page }).include('.facet-list').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  });
});

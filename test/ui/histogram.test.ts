import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { type DeskOptions, openDesk } from '#test/support/desk.ts';

let browser: TestBrowser;
let appliance: Appliance;

const HOUR = 3_600_000;
const BEGIN = Date.parse('2026-03-02T00:30:00Z');
/** One an hour for two days, and more in the last hour. */
const EVENTS = [
  ...Array.from({ length: 48 }, (_, hour) => event(hour, hour % 12 === 5 ? 'FAILURE' : 'SUCCESS')),
  event(47, 'ATTEMPT'),
  event(47, 'FAILURE'),
];

function event(hour: number, status: string) {
  return {
    action: hour < 24 ? 'day.one' : 'day.two',
    actor: { id: 'alice' },
    status,
    timestamp: new Date(BEGIN + hour * HOUR).toISOString(),
  };
}

beforeAll(async () => {
  prepareUi();
  [browser, appliance] = await Promise.all([startBrowser(), startAppliance()]);
  await send('default', EVENTS);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await appliance.stop();
});

async function send(ledger: string, events: readonly unknown[]): Promise<void> {
  const { status, text } = await appliance.request(`/v1/events?ledger=${ledger}&ack=recorded`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  expect(`${status} ${text}`).toMatch(/^200 .*"rejected":0/);
}

async function open(route = '', options: Partial<DeskOptions> = {}) {
  const { url, adminToken: token } = appliance;
  const opened = await openDesk(browser, {
    url,
    token,
    route: `#/search?ledger=default${route}`,
    ...options,
  });
  return { ...opened, chart: chartOf(opened.page), read: opened.page.locator('.histogram-read') };
}

const chartOf = (page: Page) => page.getByRole('group', { name: 'Histogram: records by the time' });
const parametersOf = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]);

async function countBetween(from: string | null, to: string | null): Promise<number> {
  const query = `query ($from: DateTime, $to: DateTime) {
    records(filter: { occurredFrom: $from, occurredTo: $to }) { totalCount } }`;
  const { data } = await appliance.graphql<{ records: { totalCount: number } }>(query, { from, to });
  return data.records.totalCount;
}

async function rowsOf(page: Page): Promise<readonly (readonly number[])[]> {
  const rows = await page.locator('.histogram-table tbody tr').allInnerTexts();
  return rows.map((row) => row.split('\t').slice(2).map(Number));
}

describe('the histogram', () => {
  it('counts all that the answer has, by status, and says so as a table, too', async () => {
    const { page, read, complaints } = await open();
    await read.getByText('50 records in').waitFor();
    await page.getByRole('button', { name: 'Show the histogram as a table' }).click();
    const rows = await rowsOf(page);
    const sums = [0, 1, 2, 3].map((column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0));
    expect(sums).toEqual([50, 44, 1, 5]);
    expect(await page.locator('.histogram-table tbody th').first().innerText()).toMatch(/ \+01:00$/);
    expect(await page.locator('.histogram-coverage').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('follows the search', async () => {
    const { read } = await open('&f=action%3Aday.one');
    await read.getByText('24 records in').waitFor();
  });

  it('is walked and marked by keys, and shows the marked time', async () => {
    const { page, chart, read } = await open();
    await read.getByText('50 records in').waitFor();
    await page.keyboard.press('i');
    expect(await chart.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('End');
    await read.getByText('3 records: 1 success, 1 attempt, 1 failure').waitFor();
    await page.keyboard.press('Home');
    await read.getByText('1 record: 1 success').waitFor();
    for (let press = 0; press < 9; press += 1) await page.keyboard.press('Shift+ArrowRight');
    const marked = await read.innerText();
    expect(marked).toContain('marked, Enter shows them');
    await page.keyboard.press('Escape');
    expect(await read.innerText()).not.toContain('marked');
    await page.keyboard.press('Home');
    for (let press = 0; press < 9; press += 1) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL(/from=/);
    const [from, to] = [parametersOf(page).get('from'), parametersOf(page).get('to')];
    const count = await countBetween(from, to);
    expect(marked).toContain(`· ${count} record`);
    await read.getByText(`${count} records in`).waitFor();
    await page.getByRole('button', { name: 'Back to the time before' }).click();
    await read.getByText('50 records in').waitFor();
    expect(parametersOf(page).get('from')).toBeNull();
  });

  it('gives the focus up at Escape', async () => {
    const { page, chart, read } = await open();
    await read.getByText('50 records in').waitFor();
    await page.keyboard.press('i');
    await page.keyboard.press('Escape');
    expect(await chart.evaluate((element) => element === document.activeElement)).toBe(false);
  });

  it('is marked by dragging, also beyond its end, and the drag is taken back by Escape', async () => {
    const { page, chart, read } = await open();
    await read.getByText('50 records in').waitFor();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('The chart is not there.');
    const y = box.y + 20;
    await page.mouse.move(box.x + box.width / 2, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, y);
    await read.getByText('marked').waitFor();
    await page.keyboard.press('Escape');
    await page.mouse.up();
    expect(parametersOf(page).get('from')).toBeNull();
    await page.mouse.move(box.x + box.width / 2, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width + 50, y);
    const marked = await read.innerText();
    await page.mouse.up();
    await page.waitForURL(/from=/);
    const count = await countBetween(parametersOf(page).get('from'), parametersOf(page).get('to'));
    expect(count).toBeGreaterThan(20);
    expect(marked).toContain(`· ${count} records`);
  });

  it('zooms in and out around the middle', async () => {
    const { page, read } = await open();
    await read.getByText('50 records in').waitFor();
    expect(await page.getByRole('button', { name: /Zoom out/ }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: /Zoom in/ }).click();
    await page.waitForURL(/from=/);
    await read.getByText(/^2\d records in/).waitFor();
    await page.getByRole('button', { name: /Zoom out/ }).click();
    await read.getByText(/^(?:4\d|50) records in/).waitFor();
  });
});

describe('the histogram of a time', () => {
  it('says how many records of the answer lie outside', async () => {
    const soon = (minutes: number) => new Date(performance.timeOrigin + minutes * 60_000).toISOString();
    const make = 'mutation ($id: ID!) { createLedger(id: $id) { id } }';
    await appliance.graphql(make, { id: 'ahead' });
    await send('ahead', [
      { action: 'now', actor: { id: 'a' }, timestamp: soon(-5) },
      { action: 'later', actor: { id: 'a' }, timestamp: soon(300) },
    ]);
    const { page, read } = await open('', { route: '#/search?ledger=ahead&last=3600' });
    await read.getByText('1 record in').waitFor();
    await page.getByText('1 record of the answer lies outside this time.').waitFor();
  });

  it('never says more than what was asked for where a bar is cut', async () => {
    const { read, page } = await open('&from=2026-03-02T00:31:00Z&to=2026-03-03T00:29:59Z');
    await read.getByText('23 records in').waitFor();
    await page.keyboard.press('i');
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !location.hash.includes('00%3A29%3A00'));
    expect(await countBetween(parametersOf(page).get('from'), parametersOf(page).get('to'))).toBe(23);
  });
});

describe('the place of the histogram', () => {
  it('says its own problem and leaves the rest alone', async () => {
    const { page, read } = await open();
    await read.getByText('50 records in').waitFor();
    await page.route('**/graphql', async (route) => {
      const isChart = route.request().postData()?.includes('query HistogramBuckets') === true;
      await (isChart ? route.fulfill({ status: 502, body: 'no' }) : route.continue());
    });
    await page.reload();
    const part = page.getByRole('region', { name: 'Histogram' });
    await part.getByRole('alert').getByText('What answers here is not the appliance').waitFor();
    await page.getByRole('button', { name: 'day.one 24 records' }).waitFor();
    const { height } = (await page.locator('.histogram-plot').boundingBox()) ?? { height: 0 };
    expect(height).toBe(72);
    await page.unroute('**/graphql');
    await part.getByRole('button', { name: 'Try again' }).click();
    await read.getByText('50 records in').waitFor();
  });

  it('is closed and opened again, by button and by key, and that is kept', async () => {
    const { page, chart, read } = await open();
    await read.getByText('50 records in').waitFor();
    await page.getByRole('button', { name: 'Hide the histogram' }).click();
    await page.getByRole('button', { name: 'Show the histogram' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Show the histogram' }).waitFor();
    expect(await chart.count()).toBe(0);
    await page.keyboard.press('i');
    await read.getByText('50 records in').waitFor();
  });

  it.each([
    ['light', 700],
    ['dark', 400],
  ] as const)('has no fault that axe finds, in %s, %i px wide', async (colorScheme, width) => {
    const { page, read } = await open('', { colorScheme, width });
    await read.getByText('50 records in').waitFor();
    await page.getByRole('button', { name: 'Show the histogram as a table' }).click();
    await page.keyboard.press('i');
    await page.keyboard.press('Shift+ArrowLeft');
    const { violations } = await new AxeBuilder({ page }).include('.histogram').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    const { width: drawn } = (await page.locator('.histogram').boundingBox()) ?? { width: Infinity };
    expect(drawn).toBeLessThanOrEqual(width);
  });
});

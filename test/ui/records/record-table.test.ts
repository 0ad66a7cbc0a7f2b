import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser, type WindowOptions } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';
import {
  copied,
  eventBy,
  keepPreferences,
  monthOf,
  recordAll,
  rowsAreThere,
  seenIndexes,
  soon,
  textsOf,
} from './table-desk.ts';

const RECORDS = 5_000;
const WITH_INDEX = { columns: ['index', 'time', 'actor', 'action', 'target', 'status'] };
const SLOW = { timeout: 60_000 };

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
  await recordAll(appliance, monthOf(RECORDS));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

async function open(route = '#/search?ledger=default', options: WindowOptions = {}) {
  const opened = await openDesk(browser, {
    url: appliance.url,
    token: appliance.adminToken,
    route,
    ...options,
  });
  await opened.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await rowsAreThere(opened.page);
  return opened;
}

async function openWithIndex() {
  const opened = await open();
  await keepPreferences(opened.page, WITH_INDEX);
  await rowsAreThere(opened.page);
  return opened;
}

const active = (page: Page) => page.locator('.record-table-row[data-active]');
const activeIndex = (page: Page) => active(page).locator('[data-column=index]');
const openIndex = (page: Page) => page.evaluate(() => /[?&]open=(\d+)/.exec(location.hash)?.[1] ?? null);

describe('the table', SLOW, () => {
  test('has every record, the newest first, and says how many', async () => {
    const { page, complaints } = await openWithIndex();
    const grid = page.getByRole('grid', { name: 'Records' });
    expect(await grid.getAttribute('aria-rowcount')).toBe(String(RECORDS + 1));
    expect((await seenIndexes(page)).slice(0, 3)).toEqual([RECORDS - 1, RECORDS - 2, RECORDS - 3]);
    await grid.focus();
    await page.keyboard.press('End');
    await page.locator('.record-table-row[aria-rowindex="5001"][data-status]').waitFor();
    expect((await seenIndexes(page)).at(-1)).toBe(0);
    await page.keyboard.press('Home');
    await page.locator('.record-table-row[aria-rowindex="2"][data-status]').waitFor();
    expect((await seenIndexes(page))[0]).toBe(RECORDS - 1);
    expect(complaints).toEqual([]);
  });

  test('leaves none out when it is scrolled from far away to the end', async () => {
    const { page } = await openWithIndex();
    const grid = page.locator('.record-table-grid');
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight - 7_000));
    const seen = new Set<number>();
    await grid.hover();
    for (let turn = 0; turn < 30 && !seen.has(0); turn++) {
      await page.waitForFunction(() => document.querySelector('.record-table-row[aria-busy]') === null);
      for (const index of await seenIndexes(page)) seen.add(index);
      await page.mouse.wheel(0, 420);
      await page.evaluate(
        () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
      );
    }
    const highest = Math.max(...seen);
    expect(highest).toBeGreaterThan(150);
    expect([...seen].toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: highest + 1 }, (_, at) => at),
    );
  });

  test('is walked by keys, and an open record walks along', async () => {
    const { page } = await openWithIndex();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    await soon(() => activeIndex(page).textContent()).toBe(String(RECORDS - 2));
    await page.keyboard.press('Enter');
    await soon(() => openIndex(page)).toBe(String(RECORDS - 2));
    await page.keyboard.press('j');
    await soon(() => openIndex(page)).toBe(String(RECORDS - 3));
    expect(await page.locator('.record-table-row[data-open] [data-column=index]').textContent()).toBe(
      String(RECORDS - 3),
    );
    await page.keyboard.press('Escape');
    await soon(() => openIndex(page)).toBeNull();
    await page.locator('.record-table-grid').focus();
    await page.keyboard.press('PageDown');
    await soon(async () => Number(await activeIndex(page).textContent())).toBeLessThan(RECORDS - 12);
  });

  test('opens a record of a link, and shows where it is', async () => {
    const { page } = await open(`#/search?ledger=default&open=1234`);
    await page.locator('.record-table-row[data-open][data-active]').waitFor();
  });

  test('lets text be selected without opening the record, and opens it on a click', async () => {
    const { page } = await openWithIndex();
    const cell = page.locator('.record-table-row[aria-rowindex="6"] [data-column=action]');
    const box = await cell.boundingBox();
    if (box === null) throw new Error('The cell is not there.');
    await page.mouse.move(box.x + 9, box.y + 14);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 14, { steps: 5 });
    await page.mouse.up();
    expect(await page.evaluate(() => document.getSelection()?.toString())).not.toBe('');
    expect(await openIndex(page)).toBeNull();
    await page.mouse.click(box.x + box.width - 12, box.y + 14);
    await soon(() => openIndex(page)).toBe(String(RECORDS - 5));
  });

  test('is sorted by its headings', async () => {
    const { page } = await openWithIndex();
    await page.getByRole('button', { name: 'Index', exact: true }).click();
    await soon(async () => (await seenIndexes(page))[0]).toBe(0);
    const heading = page.getByRole('columnheader', { name: 'Index' });
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
  });
});

describe('selected records', SLOW, () => {
  test('are copied as JSON, CSV and Markdown', async () => {
    const { page } = await openWithIndex();
    await page.keyboard.press('j');
    await page.keyboard.press(' ');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    const bar = page.getByRole('group', { name: '3 selected' });
    await bar.getByRole('button', { name: 'Copy as JSON' }).click();
    const rows: unknown = JSON.parse(await copied(page));
    const wanted = [RECORDS - 1, RECORDS - 2, RECORDS - 3];
    expect(rows).toMatchObject(wanted.map((index) => ({ index })));
    await bar.getByRole('button', { name: 'Copy as CSV' }).click();
    const lines = (await copied(page)).split(/\r?\n/);
    expect(lines[0]).toBe('Index,Time,Actor,Action,Target,Status');
    expect(lines.slice(1, 4).map((line) => Number(line.split(',')[0]))).toEqual(wanted);
    await bar.getByRole('button', { name: 'Copy as Markdown' }).click();
    expect((await copied(page)).split('\n')[1]).toBe('| --- | --- | --- | --- | --- | --- |');
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'detached' });
  });

  test('have a menu, by mouse and by key, that filters by the value of a cell', async () => {
    const { page } = await openWithIndex();
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Copy a link to the record' }).press('Enter');
    expect(await copied(page)).toBe(`${appliance.url}/#/search?ledger=default&open=${RECORDS - 1}`);
    const cell = page.locator('.record-table-row[aria-rowindex="8"] [data-column=action]');
    const action = await cell.textContent();
    await cell.click({ button: 'right' });
    await page.getByRole('menuitem', { name: `Only action:${action}` }).click();
    await page.waitForFunction(() => document.querySelector('.record-table-grid[data-stale]') === null);
    await soon(async () => new Set(await textsOf(page, 'action'))).toEqual(new Set([action]));
  });
});

describe('what a person chose', SLOW, () => {
  test('is kept: columns, their order and widths; and asks the appliance nothing', async () => {
    const { page } = await open();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.postData() ?? ''));
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByText('Address', { exact: true }).click();
    await page.getByRole('button', { name: 'Move Address towards the start' }).click();
    await page.keyboard.press('Escape');
    const heads = () =>
      page
        .locator('.record-table-head-cell[data-column]')
        .evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset['column']));
    const width = () =>
      page.locator('.record-table-head-cell[data-column=actor]').evaluate((cell) => cell.clientWidth);
    const before = await width();
    const edge = page.locator('.record-table-head-cell[data-column=actor] .record-table-head-edge');
    const box = await edge.boundingBox();
    if (box === null) throw new Error('The edge is not there.');
    await page.mouse.move(box.x + 4, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 64, box.y + 10, { steps: 4 });
    await page.mouse.up();
    const chosen = [await heads(), await width()];
    expect(chosen[0]).toEqual(['time', 'actor', 'action', 'target', 'ip', 'status']);
    expect(chosen[1]).toBe(before + 60);
    expect(asked.filter((body) => body.includes('RecordPage'))).toEqual([]);
    await page.reload();
    await rowsAreThere(page);
    expect([await heads(), await width()]).toEqual(chosen);
  });

  test('is found in the loaded rows, and then in all of them', async () => {
    const { page } = await open();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('USER.LOGIN');
    await page.keyboard.press('Enter');
    await soon(() => active(page).locator('[data-column=action]').textContent()).toBe('user.login');
    await page.getByRole('button', { name: 'Search all records for this' }).click();
    await soon(() => page.evaluate(() => decodeURIComponent(location.hash))).toContain('"USER.LOGIN"');
  });
});

describe('hostile strings', SLOW, () => {
  test('are shown as they are, do nothing, and what cannot be seen is seen', async () => {
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '"><script>document.title="taken"</script>',
      'admin\u202egpj.exe',
      'zero\u200bwidth',
      'x'.repeat(200),
      '=HYPERLINK("http://evil.example","click")',
    ];
    await appliance.graphql('mutation { createLedger(id: "hostile") { id } }');
    const sent = hostile.map((actor, at) => ({ ...eventBy(actor, at), action: actor.slice(0, 200) }));
    const { status } = await appliance.request('/v1/events?ack=RECORDED&ledger=hostile', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    });
    expect(status).toBe(200);
    const { page, complaints, hosts } = await open('#/search?ledger=hostile');
    const texts = await textsOf(page, 'actor');
    expect(texts).toHaveLength(hostile.length);
    expect(texts).toContain('<img src=x onerror=alert(1)>');
    expect(texts).toContain('adminU+202Egpj.exe');
    expect(texts).toContain('zeroU+200Bwidth');
    expect(await page.title()).not.toBe('taken');
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(appliance.url).host]);
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Copy as CSV' }).press('Enter');
    expect(await copied(page)).toContain(`"'=HYPERLINK(""http://evil.example""`);
  });
});

describe.each(['dark'] as const)('in the %s theme', SLOW, (colorScheme) => {
  test('axe finds nothing in the table, its menus and its bars', async () => {
    const { page } = await open('#/search?ledger=default', { colorScheme });
    await page.keyboard.press('j');
    await page.keyboard.press(' ');
    await page.keyboard.press('Control+f');
    await page.keyboard.type('login');
    const table = await new AxeBuilder({ page }).include('.record-table').analyze();
    expect(table.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    await page.getByRole('button', { name: 'Columns' }).click();
    const chooser = await new AxeBuilder({ page }).include('.column-chooser').analyze();
    expect(chooser.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });
});

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import {
  startBrowser,
  type TestBrowser,
  type TestWindow,
  type WindowOptions,
} from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';

const MUTATION = `mutation ($events: [EventInput!]!) {
  recordEvents(ledger: "default", events: $events, ack: CHECKPOINTED) { receipts { eventId } } }`;
const START_MS = 90_000;
const AXE_MS = 90_000;
const HOSTILE = 'Eve\u202Egnp.exe<img src=x onerror=alert(1)>\u200B';
const CHANGED = 0;
const HOSTILE_AT = 1;
const PLAIN = 2;
const ERASED = 3;
const LARGE = 4;

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
  const context = { requestId: 'req 1', sessionId: 's-1', ipAddress: '10.0.0.7' };
  const base = { timestamp: '2026-01-02T03:04:05.678Z', actor: { id: 'alice', name: 'Alice Example' } };
  const events = [
    {
      ...base,
      id: 'e-0',
      action: 'permission.grant',
      target: { id: 'channel_456' },
      context,
      changes: { before: { level: 'read', same: 1 }, after: { level: 'write', same: 1 } },
    },
    {
      timestamp: base.timestamp,
      id: HOSTILE,
      action: HOSTILE,
      actor: { id: HOSTILE },
      context,
      details: { [HOSTILE]: HOSTILE, nested: { list: [1, 'x'] } },
    },
    { ...base, id: 'e-2', action: 'data.read', details: { role: 'admin', n: 1 } },
    { ...base, id: 'e-3', action: 'user.login', target: { id: 'portal' }, context },
    { ...base, id: 'e-4', action: 'data.import', details: { text: 'word '.repeat(60_000) } },
  ];
  const { errors } = await appliance.graphql(MUTATION, { events });
  expect(errors).toEqual([]);
  const erase = `mutation { eraseSections(ledger: "default", index: ${ERASED}, sections: ["event", "actor"],
    reason: "they asked for it") { __typename } }`;
  expect((await appliance.graphql(erase)).errors).toEqual([]);
}, START_MS);

afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

async function open(index: number, tab = 'changes', options: WindowOptions = {}): Promise<TestWindow> {
  const route = `#/search?ledger=default&open=${index}&tab=${tab}`;
  const opened = await openDesk(browser, {
    url: appliance.url,
    token: appliance.adminToken,
    route,
    ...options,
  });
  await panelOf(opened.page, index).locator('h2').waitFor();
  return opened;
}

function panelOf(page: Page, index: number) {
  return page.locator(`.record-panel[data-index="${index}"]`);
}

const tabOf = (page: Page) => page.locator('.record-panel-tab[data-selected]').textContent();
const pillsOf = (page: Page) => new URLSearchParams(page.url().split('?')[1]).getAll('f');

describe('the record panel', () => {
  it('says in a sentence what happened, what changed, and goes through its tabs by key', async () => {
    const { page, complaints } = await open(CHANGED);
    const panel = panelOf(page, CHANGED);
    expect(await panel.locator('h2').textContent()).toBe('Alice Example granted permission on channel_456');
    expect(await panel.locator('time').allTextContents()).toEqual([
      '2026-01-02 04:04:05.678 +01:00',
      expect.stringMatching(/ \+0[12]:00$/),
    ]);
    const changes = panel.locator('.record-changes');
    expect(await changes.locator('li').allTextContents()).toEqual(['levelchangedbeforereadafterwrite']);
    expect(await changes.textContent()).toContain('1 value unchanged.');
    for (const [key, name] of [
      ['5', 'Proof'],
      ['2', 'Fields'],
      ['3', 'Raw'],
      ['4', 'Around'],
      ['1', 'Changes'],
    ]) {
      await page.keyboard.press(key ?? '');
      await expect.poll(() => tabOf(page)).toBe(name);
    }
    expect(complaints).toEqual([]);
  });

  it('goes to neighbours in the ledger and of the same request, and to nothing beyond', async () => {
    const { page } = await open(CHANGED);
    expect(await page.getByRole('button', { name: 'Previous record in the ledger' }).isDisabled()).toBe(true);
    await page.keyboard.press('o');
    await panelOf(page, HOSTILE_AT).waitFor();
    await page.keyboard.press('o');
    await panelOf(page, ERASED).waitFor();
    await page.keyboard.press('O');
    await panelOf(page, HOSTILE_AT).waitFor();
    await page.getByRole('button', { name: 'Next record in the ledger' }).click();
    await panelOf(page, PLAIN).waitFor();
    await page.evaluate(() => (location.hash = '#/search?ledger=default&open=99'));
    await panelOf(page, 99).getByText('The ledger has no record 99.').waitFor();
  });

  it('shows what was done around it, and opens that', async () => {
    const { page } = await open(CHANGED, 'around');
    const request = page.locator('.record-around-group', { hasText: 'Same request' });
    await request.getByText('1 other record').waitFor();
    expect(await request.locator('[aria-current]').textContent()).toContain('this one');
    const neighbours = page.locator('.record-around-group', { hasText: 'Just before and after' });
    // One that lost its event stands among them, and says so.
    await neighbours.getByRole('button', { name: 'What happened was erased' }).click();
    await panelOf(page, ERASED).waitFor();
    expect(await tabOf(page)).toBe('Around');
  });

  it('pivots by key, and filters by field', async () => {
    const { page } = await open(CHANGED, 'fields');
    await page.keyboard.press('p');
    await page.keyboard.press('r');
    await expect.poll(() => pillsOf(page)).toEqual(['request:"req 1"']);
    const { page: other } = await open(PLAIN, 'fields');
    const field = other.locator('.record-fields-field', { hasText: 'role' });
    await field.hover();
    await field.getByRole('button', { name: 'No records with this role' }).click();
    await expect.poll(() => pillsOf(other)).toEqual(['-details.role:admin']);
  });

  it('shows hostile text as text, in every tab', async () => {
    const { page, complaints, hosts } = await open(HOSTILE_AT);
    for (const key of ['1', '2', '3', '4', '5']) {
      await page.keyboard.press(key);
      await expect.poll(() => page.locator('.record-panel-content .loading').count()).toBe(0);
      const panel = panelOf(page, HOSTILE_AT);
      expect(await panel.locator('img').count()).toBe(0);
      expect(await panel.evaluate((element) => /[\u202e\u200b]/.test(element.textContent))).toBe(false);
    }
    expect(await panelOf(page, HOSTILE_AT).locator('h2').textContent()).toContain('U+202E');
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(appliance.url).host]);
  });

  it('says of erased sections what is gone and what stays', async () => {
    const { page } = await open(ERASED, 'fields');
    expect(await panelOf(page, ERASED).locator('h2').textContent()).toBe('What happened was erased');
    const actor = page.getByRole('region', { name: 'actor', exact: true });
    expect(await actor.textContent()).toMatch(/erased.*The commitment stays in the entry/);
    expect(await page.getByRole('region', { name: 'target', exact: true }).textContent()).toContain('portal');
  });

  it('shows the beginning of a large record, and all of it when asked', async () => {
    const { page } = await open(LARGE, 'raw');
    const section = page.getByRole('region', { name: 'Section details', exact: true });
    const shown = section.locator('pre').first();
    expect((await shown.textContent())?.length).toBe(20_000);
    await section
      .getByRole('button', { name: /^Show all/ })
      .first()
      .click();
    await expect.poll(async () => (await shown.textContent())?.length).toBeGreaterThan(300_000);
  });

  it('is as wide as it was made, by key, also later', async () => {
    const { page } = await open(PLAIN);
    const splitter = page.getByRole('separator', { name: 'Width of the record' });
    const before = Number(await splitter.getAttribute('aria-valuenow'));
    await splitter.press('ArrowLeft');
    expect(Number(await splitter.getAttribute('aria-valuenow'))).toBe(before + 16);
    await splitter.press('Home');
    await page.reload();
    await expect.poll(() => splitter.getAttribute('aria-valuenow')).toBe('320');
  });

  it('covers the table in a narrow window, and gives it back', async () => {
    const { page } = await open(PLAIN, 'fields', { width: 400 });
    const box = await panelOf(page, PLAIN).boundingBox();
    expect(box).toMatchObject({ x: 0, y: 0, width: 400 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(400);
    await page.getByRole('button', { name: 'Back to the list' }).click();
    await panelOf(page, PLAIN).waitFor({ state: 'detached' });
  });
});

describe('for everyone', () => {
  it.each(['dark'] as const)(
    'nothing stands in the way, in %s',
    async (colorScheme) => {
      const { page } = await open(CHANGED, 'changes', { colorScheme });
      for (const key of ['1', '2', '3', '4', '5']) {
        await page.keyboard.press(key);
        await page.locator('.record-panel-content > *').first().waitFor();
        if (key === '5') await page.locator('[data-verdict=content_unchecked]').waitFor();
        const { violations } = await new AxeBuilder({ page }).include('.record-panel').analyze();
        const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${key} ${id}: ${html}`));
        expect(found).toEqual([]);
      }
    },
    AXE_MS,
  );
});

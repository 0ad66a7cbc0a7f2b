import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { makeMonth } from '#server/demo/month.ts';
import { violationsOn } from '#test/support/accessibility.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { openDesk } from '#test/support/desk.ts';
import { keepScreenshot } from '#test/support/screenshots.ts';

/** Every screen as a person sees it: pictures to look at, and what can be told of them by a program. */

const START_MS = 120_000;
/** Axe reads a whole page many times over. */
const AXE_MS = 120_000;
const OPEN = 700;
const COUNTED = { timeout: 20_000, interval: 100 };

vi.setConfig({ testTimeout: AXE_MS });

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
  const { errors } = await appliance.graphql(
    'mutation { createLedger(id: "clinic", name: "Clinic") { id } }',
  );
  expect(errors).toEqual([]);
  await send(
    'clinic',
    makeMonth({ seed: 3, lastDay: Date.UTC(2026, 0, 31), events: 2_000 }).map((event) => ({ ...event })),
  );
}, START_MS);
afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

async function send(ledger: string, events: readonly object[]): Promise<void> {
  const { status, text } = await appliance.request(`/v1/events?ack=CHECKPOINTED&ledger=${ledger}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: events.map((event) => JSON.stringify(event)).join('\n'),
  });
  expect(status).toBe(200);
  expect(text).not.toContain('REJECTED');
}

const row = (page: Page) => page.locator('.record-table-row[data-status]').first().waitFor();
const heading = (name: string) => (page: Page) => page.getByRole('heading', { name, level: 1 }).waitFor();

/** What is looked at, and when it is all there. */
const SCREENS: readonly (readonly [name: string, route: string, ready: (page: Page) => Promise<unknown>])[] =
  [
    ['search', '#/search?ledger=clinic', row],
    [
      'record',
      `#/search?ledger=clinic&open=${OPEN}&tab=fields`,
      (page) => page.getByRole('tab', { name: 'Fields' }).waitFor(),
    ],
    [
      'proof',
      `#/search?ledger=clinic&open=${OPEN}&tab=proof`,
      (page) => page.getByText('In the ledger’s tree, content not checked').waitFor(),
    ],
    [
      'first-run',
      '#/search?ledger=default',
      (page) => page.getByText('Waiting for the first event').waitFor(),
    ],
    ['integrity', '#/integrity?ledger=clinic', heading('Integrity')],
    ['intake', '#/intake?ledger=clinic', heading('Intake')],
    ['exports', '#/exports?ledger=clinic', heading('Exports')],
    ['settings', '#/settings?ledger=clinic', heading('Settings')],
  ];

const PICTURES: readonly (readonly [scheme: 'light' | 'dark', width: number])[] = [
  ['light', 1280],
  ['dark', 1280],
  ['light', 1920],
  ['light', 400],
];

describe.each(PICTURES)('in %s, %i wide', (colorScheme, width) => {
  test(
    'every screen can be used by everyone, asks nobody else, and complains of nothing',
    async () => {
      const window = await openDesk(browser, {
        url: appliance.url,
        token: appliance.adminToken,
        colorScheme,
        width,
      });
      const { page } = window;
      for (const [name, route, ready] of SCREENS) {
        await page.goto(`${appliance.url}/${route}`);
        await ready(page);
        await vi.waitFor(async () => expect(await page.getByText('Counting…').count()).toBe(0), COUNTED);
        // What is wider than the window is cut off or makes the whole page scroll sideways.
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect([name, overflow]).toEqual([name, 0]);
        await keepScreenshot(page, `${name}-${colorScheme}-${width}`);
        // Around an open record is the screen that was read before.
        const part = route.includes('&open=') ? '.record-panel' : undefined;
        if (width === 1280) expect(await violationsOn(page, part)).toEqual([]);
      }
      expect(window.complaints).toEqual([]);
      expect([...window.hosts]).toEqual([new URL(appliance.url).host]);
    },
    AXE_MS,
  );

  test(
    'so can the form to sign in',
    async () => {
      const { page, complaints } = await openDesk(browser, { url: appliance.url, colorScheme, width });
      await page.getByLabel('Access token').waitFor();
      await keepScreenshot(page, `sign-in-${colorScheme}-${width}`);
      expect(await violationsOn(page)).toEqual([]);
      // The page asks who it is, and is told: nobody.
      expect(complaints.filter((complaint) => !complaint.includes('401'))).toEqual([]);
    },
    AXE_MS,
  );
});

const MARKUP = [
  '<script>window.hit=1</script>',
  '<img src=x onerror="window.hit=1">',
  '"><svg onload=window.hit=1>',
  'javascript:window.hit=1',
  '</pre></td></table><iframe srcdoc="<script>parent.hit=1</script>">',
  '{{constructor.constructor("window.hit=1")()}}',
  '<style>*{display:none}</style>',
  '&lt;b&gt;&#x3C;script&#x3E;',
  'invoice\u202efdp.exe\u200b',
];

const NAME = 'no string of an event executes, makes an element or asks for anything: it is text';
itWithCorpus('naughty-strings', NAME, async (folder) => {
  const corpus: unknown = JSON.parse(readFileSync(join(folder, 'blns.json'), 'utf8'));
  const strings = [...(Array.isArray(corpus) ? corpus.map(String) : []), ...MARKUP].filter(
    (text) => text !== '' && text.isWellFormed() && text.length <= 256,
  );
  expect(strings.length).toBeGreaterThan(500);
  const created = await appliance.graphql(
    'mutation { createLedger(id: "hostile", name: "<b>\u202ehostile") { id } }',
  );
  expect(created.errors).toEqual([]);
  const events = strings.map((text) => ({
    action: text,
    actor: { id: text, name: text, type: text },
    target: { id: text, name: text, type: text },
    context: { userAgent: text, sessionId: text, requestId: text, ipAddress: text, source: text },
    changes: { before: { [text]: text }, after: { [text]: `${text} now` } },
    details: { [text]: text },
    description: text,
  }));
  await send('hostile', events);
  const { page, complaints, hosts } = await openDesk(browser, {
    url: appliance.url,
    token: appliance.adminToken,
    route: '#/search?ledger=hostile',
  });
  await row(page);
  for (let at = 0; at < MARKUP.length; at++) {
    const index = strings.length - 1 - at;
    for (const tab of ['changes', 'fields', 'raw', 'around', 'proof']) {
      await page.goto(`${appliance.url}/#/search?ledger=hostile&open=${index}&tab=${tab}`);
      await page
        .getByText(`Record ${index.toLocaleString('en-GB')}`)
        .first()
        .waitFor();
      await page.locator('[role=tab][aria-selected=true]').first().waitFor();
    }
  }
  await page.goto(`${appliance.url}/#/search?ledger=hostile&open=${strings.length - 1}&tab=fields`);
  await vi.waitFor(async () => {
    expect(await page.locator('.mark').filter({ hasText: 'U+202E' }).count()).toBeGreaterThan(2);
  });
  for (const screen of ['integrity', 'intake', 'exports', 'settings']) {
    await page.goto(`${appliance.url}/#/${screen}?ledger=hostile`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
  expect(await page.locator('#page :is(script, img, iframe, style, object, embed)').count()).toBe(0);
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(appliance.url).host]);
});

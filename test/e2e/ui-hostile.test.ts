import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { itWithCorpus } from '#test/support/corpora.ts';

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  appliance = await startAppliance();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await appliance.stop();
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
];

const NAME = 'no string of an event executes, makes an element or asks for anything: it is text';
itWithCorpus('naughty-strings', NAME, async (folder) => {
  const corpus: unknown = JSON.parse(readFileSync(join(folder, 'blns.json'), 'utf8'));
  const strings = [...(Array.isArray(corpus) ? corpus.map(String) : []), ...MARKUP];
  const events = strings
    .filter((text) => text !== '' && text.isWellFormed() && text.length <= 256)
    .map((text) => ({
      action: text,
      actor: { id: text, name: text, type: text },
      target: { id: text, name: text, type: text },
      context: { userAgent: text, sessionId: text },
      details: { [text]: text },
      description: text,
    }));
  expect(events.length).toBeGreaterThan(500);
  const window = await browser.open();
  const { page, complaints, hosts } = window;
  await page.goto(appliance.url);
  await page.getByLabel('Access token').fill(appliance.adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'live', exact: true }).waitFor();
  for (let from = 0; from < events.length; from += 150) {
    const chunk = events.slice(from, from + 150);
    const { data } = await appliance.graphql<{ recordEvents: { rejected: number } }>(
      'mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) { rejected } }',
      { events: chunk },
    );
    expect(data.recordEvents.rejected).toBe(0);
    await page.locator(`tr[data-index="${from + chunk.length - 1}"]`).waitFor();
  }
  // The newest are the markup strings: each is opened, its fields and its sections shown.
  const shown: string[] = [];
  for (const _ of MARKUP) {
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const selected = (await page.locator('tr[aria-selected=true] td.index').textContent()) ?? '';
    await page.getByRole('heading', { name: `Record ${selected}`, exact: true }).waitFor();
    await page.locator('.record .content:not([aria-busy])').getByText(`"description":`).waitFor();
    shown.push((await page.locator('tr[aria-selected=true] td.action').textContent()) ?? '');
  }
  expect(shown).toEqual(MARKUP.toReversed());
  expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
  expect(
    await page.locator('#page :is(script, img, svg, iframe, style, object, embed, link, form)').count(),
  ).toBe(0);
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(appliance.url).host]);
  await window.close();
});

test('characters that cannot be seen or turn the reading direction stand as their codes', async () => {
  const { errors } = await appliance.graphql(
    'mutation ($event: EventInput!) { recordEvent(ack: RECORDED, event: $event) { outcome } }',
    { event: { action: 'file.open', actor: { id: 'a' }, target: { name: 'invoice\u202efdp.exe\u200b' } } },
  );
  expect(errors).toEqual([]);
  const window = await browser.open();
  const { page } = window;
  await page.goto(appliance.url);
  await page.getByLabel('Access token').fill(appliance.adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const cell = page.locator('tr', { hasText: 'file.open' }).locator('td.target');
  await cell.waitFor();
  expect(await cell.textContent()).toBe('invoiceU+202Efdp.exeU+200B');
  expect(await cell.getAttribute('title')).toBe('invoice[U+202E]fdp.exe[U+200B]');
  await window.close();
});

test('the content security policy stops an inline script even if one got into the page', async () => {
  const window = await browser.open();
  const { page, complaints } = window;
  await page.goto(appliance.url);
  await page.getByLabel('Access token').waitFor();
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.hit = 1';
    document.body.append(script);
    const frame = document.createElement('div');
    frame.setAttribute('onclick', 'window.hit = 1');
    document.body.append(frame);
    frame.click();
  });
  expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
  expect(complaints.some((complaint) => complaint.includes('Content Security Policy'))).toBe(true);
  await window.close();
});

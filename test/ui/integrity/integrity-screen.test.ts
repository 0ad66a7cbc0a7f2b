import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { violationsOn } from '#test/support/accessibility.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';
import { createLedger, falsifyActor, plantStandings, recordSome } from '#test/support/desk-data.ts';

/** What is to happen soon, on a machine with other work. */
const SOON_MS = 30_000;
const TEST_MS = 90_000;
const HOSTILE = 'Acme \u202eevil <img src=x onerror=alert(1)>';

vi.setConfig({ testTimeout: TEST_MS });

let appliance: Appliance;
let browser: TestBrowser;

beforeAll(async () => {
  prepareUi();
  [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
  for (const [id, name, count] of [
    // As many as the search index takes up at once.
    ['sound', 'Sound', 1_100],
    ['broken', HOSTILE, 300],
    ['ranged', null, 300],
  ] as const) {
    await createLedger(appliance, id, name);
    await recordSome(appliance, id, count);
  }
  falsifyActor(appliance, 'broken', 7);
  falsifyActor(appliance, 'broken', 12);
}, TEST_MS);

afterAll(async () => {
  await browser?.close();
  await appliance?.stop();
});

const openIntegrity = async (ledger: string, token = appliance.adminToken, width = 1280) =>
  await openDesk(browser, { url: appliance.url, token, width, route: `#/integrity?ledger=${ledger}` });

/** All records are in the search index: else a verification has to say that it could not check that. */
async function untilIndexed(ledger: string): Promise<void> {
  const query = `{ ledger(id: "${ledger}") { size indexedSize } }`;
  await expect
    .poll(
      async () => {
        const { data } = await appliance.graphql<{ ledger: { size: number; indexedSize: number } }>(query);
        return data.ledger.size - data.ledger.indexedSize;
      },
      { timeout: SOON_MS },
    )
    .toBe(0);
}

describe('a verification', () => {
  it('is started by key and followed; only at its end the ledger is said to be verified', async () => {
    await untilIndexed('sound');
    const { page, complaints } = await openIntegrity('sound');
    const report = page.getByRole('article', { name: 'sound' });
    await report.getByText('Never verified as a whole').waitFor();
    expect(await report.locator('[data-tone=verified]').count()).toBe(0);
    await page.keyboard.press('v');
    await report.getByRole('progressbar').waitFor({ timeout: SOON_MS });
    expect(await report.locator('[data-tone=verified]').count()).toBe(0);
    await report.getByText('Verified: 1,100 records').waitFor({ timeout: SOON_MS });
    expect(await report.locator('.verdict-line[data-tone=verified]').count()).toBe(1);
    await report.getByRole('button', { name: /^No break in 1,100 records/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('that finds breaks says which records, in which way, and opens them with their proof', async () => {
    const { page, complaints } = await openIntegrity('broken');
    const report = page.getByRole('article', { name: 'broken' });
    await report.getByRole('button', { name: 'Verify the whole ledger' }).click();
    await report.locator('.verdict-line[data-tone=broken]').waitFor({ timeout: SOON_MS });
    const lines = report.getByRole('group', { name: /break/ }).first().locator('.break-list-line');
    await expect.poll(() => lines.count(), { timeout: SOON_MS }).toBeGreaterThanOrEqual(2);
    const all = (await lines.allInnerTexts()).join('\n');
    expect(all).toMatch(/Record 7\s+CONTENT_MISMATCH\s+Content was changed/);
    expect(all).toMatch(/Record 12\s+CONTENT_MISMATCH/);
    expect(await report.locator('[data-tone=verified]').count()).toBe(0);
    const link = report.getByRole('link', { name: 'Open record 7 with its proof' }).first();
    expect(await link.getAttribute('href')).toBe('#/search?ledger=broken&open=7&tab=proof');
    // The ledger's name came from outside: it is text, and what cannot be seen in it is seen.
    await report.locator('.mark', { hasText: 'U+202E' }).waitFor();
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('of a range says nothing of the whole ledger; what is no range is refused in words', async () => {
    const { page } = await openIntegrity('ranged');
    const report = page.getByRole('article', { name: 'ranged' });
    await report.getByRole('button', { name: 'Verify a range' }).click();
    await report.getByLabel('First index').fill('10');
    await report.getByLabel('Last index').fill('300');
    await report.getByRole('button', { name: 'Start' }).click();
    await report.getByText('between 0 and 299').waitFor();
    await report.getByLabel('Last index').fill('19');
    await report.getByRole('button', { name: 'Start' }).click();
    await report.getByRole('button', { name: /^No break in 10 records.*records 10 to 19/ }).waitFor({
      timeout: SOON_MS,
    });
    await report.getByText('Never verified as a whole').waitFor();
    expect(await report.locator('[data-tone=verified]').count()).toBe(0);
  });

  it('goes on being followed where the live connection fails', async () => {
    const { page } = await openIntegrity('ranged');
    await page.route('**/graphql', async (route) => {
      const isStream = route.request().headers()['accept'] === 'text/event-stream';
      await (isStream ? route.abort() : route.continue());
    });
    const report = page.getByRole('article', { name: 'ranged' });
    await report.getByRole('button', { name: 'Verify the whole ledger' }).click();
    await report.getByText(/^Verified: 300 records/).waitFor({ timeout: SOON_MS });
  });
});

describe('a witness', () => {
  it('that refused the ledger is said in red, whatever else is known; trouble is no refusal', async () => {
    await createLedger(appliance, 'refused', null);
    await recordSome(appliance, 'refused', 20);
    plantStandings(appliance, 'refused', [
      { witness: 'a.example/\u200bw', refusal: 'it saw another root' },
      { witness: 'b.example/w', trouble: 'no answer within 10 s' },
      { witness: 'c.example/w' },
    ]);
    const { page } = await openIntegrity('refused');
    const report = page.getByRole('article', { name: 'refused' });
    const verdict = report.locator('.verdict-line[data-tone=broken]');
    await verdict.getByText('Broken: a witness refused it').waitFor();
    const witnesses = report.getByRole('region', { name: 'Witnesses' });
    const tones = await witnesses
      .getByRole('listitem')
      .evaluateAll((items) => items.map((item) => item.getAttribute('data-tone')));
    expect(tones).toEqual(['broken', 'attention', 'neutral']);
    await witnesses.getByText('Refused the checkpoint of 20 records: it saw another root').waitFor();
    await witnesses.locator('.mark', { hasText: 'U+200B' }).waitFor();
  });
});

describe('the screen', () => {
  it('shows each checkpoint with the note that was signed', async () => {
    const { page } = await openIntegrity('sound');
    const history = page.getByRole('region', { name: 'Checkpoints' });
    await history.getByRole('button', { name: /^1,100 records/ }).click();
    const note = history.getByRole('region', { name: 'Note of the checkpoint of 1,100 records' });
    const { data } = await appliance.graphql<{ ledger: { checkpoint: { note: string } } }>(
      '{ ledger(id: "sound") { checkpoint { note } } }',
    );
    expect((await note.innerText()).trim()).toBe(data.ledger.checkpoint.note.trim());
  });

  it('leads to the other ledgers, each with its own verdict', async () => {
    const { page } = await openIntegrity('sound');
    const others = page.getByRole('region', { name: 'Other ledgers' });
    await others.getByRole('link', { name: 'Open broken' }).click();
    await page.getByRole('article', { name: 'broken' }).waitFor();
  });

  it('offers no verification to those who may not start one, and claims nothing', async () => {
    const { page } = await openIntegrity('sound', await appliance.token(['records:read'], ['sound']));
    await page.getByText('Results of verifications need the scope ledgers:verify.').waitFor();
    await page.getByText('1,100 recorded').waitFor();
    expect(await page.getByRole('button', { name: /^Verify/ }).count()).toBe(0);
    expect(await page.locator('[data-tone=verified]').count()).toBe(0);
  });

  it.each(['dark'] as const)(
    'has no fault that axe finds, and fits a narrow window, in the %s theme',
    async (colorScheme) => {
      const route = '#/integrity?ledger=broken';
      const { adminToken: token, url } = appliance;
      const { page } = await openDesk(browser, { url, token, route, colorScheme, width: 400 });
      await page.getByRole('button', { name: 'Verify a range' }).click();
      await page.locator('.verification-list-head').first().click();
      await page.locator('.checkpoint-history-head').first().click();
      expect(await violationsOn(page, '.integrity-screen')).toEqual([]);
      const overflow = await page
        .locator('.integrity-screen')
        .evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(overflow).toBe(0);
    },
  );
});

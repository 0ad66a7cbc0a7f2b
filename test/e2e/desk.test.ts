import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { prepare } from '#scripts/prepare.ts';
import { makeMonth } from '#server/demo/month.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { openDesk } from '#test/support/desk.ts';
import { createLastingDatabase } from '#test/support/postgres-database.ts';

/** The investigator's way through the desk, on both databases. */

const EVENTS = 3_000;
const START_MS = 120_000;
/** Nothing is verified before somebody asks for it. */
const QUIET = { INDELIBLE_VERIFY_HOURS: '0' };
const SLOW = { timeout: 90_000 };
const QUERY = 'action:patient.read actor:';

let browser: TestBrowser;
let folder: string;

beforeAll(async () => {
  prepare();
  browser = await startBrowser();
  folder = mkdtempSync(join(tmpdir(), 'indelible-desk-'));
}, START_MS);
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

async function fill(appliance: Appliance): Promise<void> {
  const events = makeMonth({ seed: 11, lastDay: Date.UTC(2026, 0, 31), events: EVENTS });
  const { status, text } = await appliance.request('/v1/events?ack=CHECKPOINTED', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: events.map((event) => JSON.stringify(event)).join('\n'),
  });
  expect(status).toBe(200);
  expect(text).not.toContain('REJECTED');
}

const rowsAreThere = (page: Page) => page.locator('.record-table-row[data-status]').first().waitFor();

/** The actor with the most reads, and how many: what the journey looks for. */
async function busiest(appliance: Appliance): Promise<{ value: string; count: number }> {
  const { data } = await appliance.graphql<{ facets: { value: string; count: number }[] }>(
    '{ facets(field: ACTOR_ID, search: "action:patient.read", first: 1) { value count } }',
  );
  const [found] = data.facets;
  if (found === undefined) throw new Error('Nobody read anything.');
  return found;
}

describe.each(['SQLite', 'Postgres'] as const)('the desk on %s', SLOW, (database) => {
  let appliance: Appliance;
  let drop: (() => Promise<void>) | null = null;

  beforeAll(async () => {
    if (database === 'Postgres') {
      const made = await createLastingDatabase();
      drop = made.drop;
      appliance = await startAppliance({ env: { ...QUIET, DATABASE_URL: made.url } });
    } else appliance = await startAppliance({ env: QUIET });
    await fill(appliance);
  }, START_MS);
  afterAll(async () => {
    await appliance.stop();
    await drop?.();
  });

  const open = async (route = '#/search?ledger=default') => {
    const opened = await openDesk(browser, { url: appliance.url, token: appliance.adminToken, route });
    return opened;
  };

  test('finds a record, proves it and hands it over, without a mouse', async () => {
    const { value, count } = await busiest(appliance);
    const { page, complaints, hosts } = await open();
    await rowsAreThere(page);

    await page.keyboard.press('/');
    await page.keyboard.type(`${QUERY}${value}`);
    await page.keyboard.press('Enter');
    await page
      .getByText(`${count} of ${EVENTS.toLocaleString('en-GB')} records`)
      .first()
      .waitFor();

    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Proof' }).waitFor();
    await page.keyboard.press('5');
    await page.getByText('In the ledger’s tree, content not checked').waitFor();
    const whole = page.getByRole('button', { name: 'Check the content, too' });
    await whole.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Verified', { exact: true }).first().waitFor();

    await page.keyboard.press('x');
    const dialog = page
      .getByRole('region', { name: 'Export' })
      .or(page.getByRole('dialog', { name: 'Export' }));
    await dialog.first().waitFor();
    const start = page.getByRole('button', { name: new RegExp(`^Export ${count} records$`) });
    await start.focus();
    await page.keyboard.press('Enter');
    const link = page.getByRole('link', { name: /^Download/ });
    await link.first().waitFor({ timeout: 60_000 });
    const href = (await link.first().getAttribute('href')) ?? '';
    const answer = await page.request.get(new URL(href, `${appliance.url}/`).href);
    expect(answer.status()).toBe(200);
    const pack = join(folder, `${database}.evidence.zip`);
    writeFileSync(pack, await answer.body());
    const verified = await runCommandLine(['verify', '--no-pin', pack]);
    expect(verified.lines.join('\n')).toContain(`${count} records`);
    expect(verified.code).toBe(0);

    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(appliance.url).host]);
  });

  test('shows numbers that agree: total, bars and values', async () => {
    const { page } = await open('#/search?ledger=default&q=status:failure');
    await rowsAreThere(page);
    const { data } = await appliance.graphql<{ records: { totalCount: number } }>(
      '{ records(search: "status:failure", first: 1) { totalCount } }',
    );
    const failures = data.records.totalCount;
    await page
      .getByText(`${failures} of ${EVENTS.toLocaleString('en-GB')} records`)
      .first()
      .waitFor();
    await page
      .getByText(new RegExp(`^${failures} records in \\d+ bars`))
      .first()
      .waitFor();
    const value = page.locator('.facet-list').getByText('FAILURE').first();
    await value.waitFor();
  });

  test('verifies the ledger and says so only when it is done', async () => {
    const { page } = await open('#/integrity?ledger=default');
    const card = page.locator('.ledger-report');
    await card.getByText('Never verified as a whole').waitFor();
    await card.getByRole('button', { name: 'Verify the whole ledger' }).click();
    await vi.waitFor(
      async () => {
        const { data } = await appliance.graphql<{
          ledger: { lastVerification: { breakCount: number; checked: number } | null };
        }>('{ ledger(id: "default") { lastVerification { breakCount checked } } }');
        expect(data.ledger.lastVerification).toEqual({ breakCount: 0, checked: EVENTS });
      },
      { timeout: 60_000, interval: 200 },
    );
    await card
      .getByText(`Verified: ${EVENTS.toLocaleString('en-GB')} records`)
      .first()
      .waitFor();
  });

  test('keeps a view that a colleague opens by its address', async () => {
    const { page } = await open();
    await rowsAreThere(page);
    await page.goto(`${appliance.url}/#/search?ledger=default&f=status%3Afailure&sort=index`);
    await rowsAreThere(page);
    await page.keyboard.press('w');
    await page.keyboard.type('Failures');
    await page.keyboard.press('Enter');
    await vi.waitFor(async () => {
      const { data } = await appliance.graphql<{ ledger: { views: { name: string; parameters: string }[] } }>(
        '{ ledger(id: "default") { views { name parameters } } }',
      );
      expect(data.ledger.views.map(({ name }) => name)).toEqual(['Failures']);
      expect(data.ledger.views[0]?.parameters).toContain('f=status%3Afailure');
    });
  });

  test('follows what is recorded while a filter holds', async () => {
    const { page } = await open('#/search?ledger=default&q=action:door.*');
    await page
      .getByText(/^0 of /)
      .first()
      .waitFor();
    await page.keyboard.press('f');
    await page.getByRole('button', { name: /live/i }).first().waitFor();
    for (const [action, id] of [
      ['door.open', 'one'],
      ['window.open', 'other'],
      ['door.close', 'two'],
    ]) {
      const { errors } = await appliance.graphql(
        'mutation ($event: EventInput!) { recordEvent(event: $event, ack: RECORDED) { outcome } }',
        { event: { action, actor: { id } } },
      );
      expect(errors).toEqual([]);
    }
    const shown = page.locator('.record-table-row[data-status] [data-column=action]');
    await vi.waitFor(async () => expect(await shown.allTextContents()).toEqual(['door.close', 'door.open']), {
      timeout: 20_000,
    });
  });
});

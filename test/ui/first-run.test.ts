import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';

let browser: TestBrowser;
let appliance: Appliance;

beforeAll(async () => {
  prepareUi();
  [browser, appliance] = await Promise.all([startBrowser(), startAppliance()]);
  for (const id of ['empty', 'waiting', 'reading']) await createLedger(id);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await appliance.stop();
});

async function createLedger(id: string): Promise<void> {
  const { errors } = await appliance.graphql('mutation ($id: ID!) { createLedger(id: $id) { id } }', { id });
  expect(errors).toEqual([]);
}

const open = (ledger: string, options: { token?: string; width?: number; colorScheme?: 'dark' } = {}) =>
  openDesk(browser, {
    url: appliance.url,
    token: appliance.adminToken,
    route: `#/search?ledger=${ledger}`,
    ...options,
  });

describe('an empty ledger', () => {
  it('leads to its first event: a token, code that works as it stands, and the record appears', async () => {
    const { page, complaints } = await open('waiting');
    await page.getByText('Waiting for the first event…').waitFor();
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('it is shown this once').waitFor();
    await page.getByRole('tab', { name: 'curl' }).focus();
    await page.keyboard.press('ArrowRight');
    const code = await page.getByRole('tabpanel', { name: 'TypeScript' }).locator('pre').innerText();
    expect(code).toContain(`${appliance.url}/v1/events?ledger=waiting`);
    await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '--eval', code]);
    await page.getByRole('heading', { name: 'No records yet' }).waitFor({ state: 'detached' });
    const { data } = await appliance.graphql<{ ledger: { size: number } }>(
      '{ ledger(id: "waiting") { size } }',
    );
    expect(data.ledger.size).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('gives a token that may add events to this ledger, and nothing else', async () => {
    const { page } = await open('empty');
    await page.getByRole('button', { name: 'Make a token' }).press('Enter');
    const secret = await page.locator('.first-run-step').first().locator('pre').innerText();
    const { data } = await appliance.graphql<{ viewer: { scopes: string[]; ledgers: string[] } }>(
      '{ viewer { scopes ledgers } }',
      {},
      secret,
    );
    expect(data.viewer).toEqual({ scopes: ['events:write'], ledgers: ['empty'] });
  });

  it('tells those who may not make tokens how one is made, and offers them no button', async () => {
    const token = await appliance.token(['records:read']);
    const { page } = await open('empty', { token });
    await page.getByText('Making tokens needs the scope admin').waitFor();
    await page.getByText('token create --name app --scope events:write --ledger empty').waitFor();
    await page.getByText('npx indelible demo').waitFor();
    expect(await page.getByRole('button', { name: /Make/ }).count()).toBe(0);
    expect(await page.getByRole('tabpanel').innerText()).toContain('$INDELIBLE_TOKEN');
  });

  it('says that the appliance does not answer, and goes on waiting', async () => {
    const { page } = await open('reading');
    await page.getByText('Waiting for the first event…').waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await page.getByText('Trying again…').waitFor();
    await page.unroute('**/graphql');
    await page.getByText('Waiting for the first event…').waitFor();
  });

  it('makes demo data for an administrator, and goes there', async () => {
    const { page } = await open('empty');
    await page.getByRole('button', { name: 'Make demo data' }).press('Enter');
    await page.getByRole('button', { name: 'Making demo data…' }).waitFor();
    await page.waitForURL(/ledger=demo/, { timeout: 30_000 });
    await page.getByRole('banner').getByRole('button', { name: 'Ledger' }).getByText('demo').waitFor();
  }, 40_000);

  it.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)('has no fault that axe finds, in %s, %i px wide', async (scheme, width) => {
    const { page } = await open('empty', {
      width,
      ...(scheme === 'dark' ? { colorScheme: 'dark' as const } : {}),
    });
    await page.getByText('Waiting for the first event…').waitFor();
    const { violations } = await new AxeBuilder({ page }).include('#content').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
});

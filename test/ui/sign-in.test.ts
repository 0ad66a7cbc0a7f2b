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
}, 120_000);
afterAll(async () => {
  await browser.close();
  await appliance.stop();
});

const REVOKE = `mutation ($id: ID!) { revokeToken(id: $id) { id } }`;

describe('signing in', () => {
  it('takes a token by keyboard, opens what the link named, and keeps the token nowhere', async () => {
    const { page } = await openDesk(browser, { url: appliance.url, route: '#/settings?ledger=default' });
    await page.getByRole('heading', { name: 'Sign in to Indelible' }).waitFor();
    expect(await page.getByLabel('Access token').evaluate((field) => field === document.activeElement)).toBe(
      true,
    );
    await page.keyboard.type(` ${appliance.adminToken} `);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Settings' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/settings?ledger=default');
    const kept = await page.evaluate(() =>
      [localStorage, sessionStorage].map((area) => JSON.stringify(area)).join(),
    );
    expect(kept).not.toContain(appliance.adminToken);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await page.reload();
    await page.getByRole('link', { name: 'Settings' }).waitFor();
  });

  it('is a form that password managers fill', async () => {
    const { page } = await openDesk(browser, { url: appliance.url });
    const field = page.getByLabel('Access token');
    expect(await field.getAttribute('type')).toBe('password');
    expect(await field.getAttribute('autocomplete')).toBe('current-password');
    expect(await page.locator('form input[autocomplete=username]').count()).toBe(1);
  });

  it('says what is wrong, beside the field and to those who hear', async () => {
    const { page } = await openDesk(browser, { url: appliance.url });
    const alert = page.getByRole('alert');
    const submit = page.getByRole('button', { name: 'Sign in' });
    await submit.click();
    await alert.getByText('Enter an access token.').waitFor();
    const field = page.getByLabel('Access token');
    await field.fill('two words');
    await submit.click();
    await alert.getByText('This is not a token').waitFor();
    await field.fill('indelible_unknown');
    await submit.click();
    await alert.getByText('This token is not valid: mistyped, expired or revoked.').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await page.route('**/session', (route) => route.abort());
    await field.fill(appliance.adminToken);
    await submit.click();
    await alert.getByText('The appliance does not answer').waitFor();
    await page.unroute('**/session');
    await submit.click();
    await page.getByRole('link', { name: 'Settings' }).waitFor();
  });

  it('says why the person is here again when the session has ended', async () => {
    const secret = await appliance.token(['records:read']);
    const { page } = await openDesk(browser, {
      url: appliance.url,
      token: secret,
      route: '#/settings?ledger=default',
    });
    await page.clock.install();
    await page.reload();
    await page.getByRole('link', { name: 'Settings' }).waitFor();
    const { data } = await appliance.graphql<{ viewer: { tokenId: string } }>(
      '{ viewer { tokenId } }',
      {},
      secret,
    );
    await appliance.graphql(REVOKE, { id: data.viewer.tokenId });
    await page.clock.fastForward(16_000);
    await page.getByText('Your session has ended').waitFor();
    await page.getByLabel('Access token').fill(appliance.adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Settings' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/settings?ledger=default');
  });

  it.each(['dark'] as const)('has no fault that axe finds, in %s, on a phone', async (colorScheme) => {
    const { page } = await openDesk(browser, { url: appliance.url, colorScheme, width: 400 });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Enter an access token.').waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  });
});

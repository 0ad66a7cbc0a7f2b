import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#server/clock.ts';
import {
  countOf,
  expectParameters,
  expectTotal,
  HOSTILE,
  searchDesk,
  soon,
} from '#test/support/search-desk.ts';

const desk = searchDesk();

const range = (page: Page) => page.locator('.time-range-picker-text');
const inRange = (from: string, to: string) => countOf(({ timestamp }) => timestamp >= from && timestamp < to);

async function writeRange(page: Page, from: string, to: string): Promise<void> {
  await page.getByLabel('From', { exact: true }).fill(from);
  await page.getByLabel('Before', { exact: true }).fill(to);
  await page.keyboard.press('Enter');
}

describe('the time range', () => {
  it('is chosen by name or written in the zone that is shown, and stands in the address in UTC', async () => {
    const { page, complaints } = await desk.open();
    await page.keyboard.press('d');
    await page.getByRole('button', { name: 'Last 24 hours' }).click();
    await expectParameters(page, { last: '86400' });
    expect(await range(page).textContent()).toBe('Last 24 hours');
    await page.keyboard.press('d');
    await page.getByText('In UTC+01:00; also RFC 3339').waitFor();
    await writeRange(page, '2026-01-01 10:00', '2026-01-02');
    await expectParameters(page, {
      last: null,
      from: '2026-01-01T09:00:00.000Z',
      to: '2026-01-02T23:00:00.000Z',
    });
    expect(await range(page).textContent()).toBe('2026-01-01 10:00 – 2026-01-03 00:00 UTC+01:00');
    await expectTotal(page, inRange('2026-01-01T09', '2026-01-02T23'));
    // In UTC it is the same range, told otherwise.
    await page.getByRole('button', { name: 'Times in UTC+01:00' }).click();
    await soon(() => range(page).textContent()).toBe('2026-01-01 09:00 – 2026-01-02 23:00 UTC');
    await page.keyboard.press('d');
    expect(await page.getByLabel('From', { exact: true }).inputValue()).toBe('2026-01-01 09:00');
    await writeRange(page, '2026-01-01 10:00', '2026-01-02');
    await expectParameters(page, { from: '2026-01-01T10:00:00.000Z', to: '2026-01-03T00:00:00.000Z' });
    await expectTotal(page, inRange('2026-01-01T10', '2026-01-03T00'));
    await page.keyboard.press('d');
    await page.getByRole('button', { name: 'All time' }).click();
    await expectParameters(page, { last: null, from: null, to: null });
    await expectTotal(page, 72);
    expect(complaints).toEqual([]);
  });

  it('says beside the field what is wrong, and changes nothing', async () => {
    const { page } = await desk.open();
    await page.keyboard.press('d');
    await writeRange(page, 'yesterday', '2026-01-02');
    await page.getByText('Expected a time such as').waitFor();
    expect(await page.getByLabel('From', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Before', { exact: true }).getAttribute('aria-invalid')).toBeNull();
    await writeRange(page, '2026-01-03', '2026-01-02');
    await page.getByText('The end is not later than the beginning').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expectParameters(page, { from: null, to: null });
    expect(await range(page).textContent()).toBe('All time');
  });
});

describe('saved views', () => {
  it('are saved, opened and deleted, their names shown as text', async () => {
    const { page, complaints } = await desk.open('q=status%3Afailure&f=actor%3Aalice&sort=occurred&open=3');
    await page.keyboard.press('w');
    const name = '<b>Failed</b> \u202esn';
    await page.getByLabel('Save this view').fill(name);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    // Another person, later.
    const other = await desk.open();
    await other.page.getByRole('button', { name: 'Saved views' }).click();
    const view = other.page.getByRole('button', { name: '<b>Failed</b>' }).first();
    await view.waitFor();
    expect(await view.locator('.mark').allTextContents()).toEqual(['U+202E']);
    await view.click();
    await expectParameters(other.page, {
      q: 'status:failure',
      f: ['actor:alice'],
      sort: 'occurred',
      open: null,
    });
    await expectTotal(
      other.page,
      countOf(({ status, actor }) => status === 'FAILURE' && actor.id === 'alice'),
    );
    await other.page.keyboard.press('w');
    const list = other.page.locator('.saved-views');
    await list.getByRole('button', { name: 'Delete view' }).click();
    await list.getByRole('button', { name: 'Keep' }).click();
    await view.waitFor();
    await list.getByRole('button', { name: 'Delete view' }).click();
    await list.getByRole('button', { name: 'Delete', exact: true }).click();
    await list.getByText('No view of this ledger is saved yet.').waitFor();
    expect([...complaints, ...other.complaints]).toEqual([]);
  });

  it('of others can be opened and not deleted, and a refusal is told', async () => {
    const reader = await desk.appliance().token(['records:read']);
    const parameters = 'q=actor%3Abob';
    const named = `ledger: "default", name: "Theirs", parameters: "${parameters}"`;
    const mine = `mutation { saveView(${named}) { id } }`;
    expect((await desk.appliance().graphql(mine)).codes).toEqual([]);
    const { page } = await desk.open('', { token: reader });
    await page.keyboard.press('w');
    await page.getByRole('button', { name: 'Theirs' }).waitFor();
    expect(await page.getByRole('button', { name: 'Delete view Theirs' }).count()).toBe(0);
    await page.getByLabel('Save this view').fill('x'.repeat(101));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'BAD_USER_INPUT' }).waitFor();
    await page.getByRole('button', { name: 'Theirs' }).click();
    await expectParameters(page, { q: 'actor:bob' });
  });
});

describe('a copied link', () => {
  it('shows a colleague exactly the same records, whatever was recorded meanwhile', async () => {
    const ahead = new Date(systemClock() + 3_600_000).toISOString();
    const event = { action: 'a', status: 'SUCCESS', details: {}, timestamp: ahead } as const;
    await desk.record([{ ...event, actor: { id: 'fast-clock' } }]);
    const { page } = await desk.open('q=actor%3A*clock&last=3600');
    await expectTotal(page, 1);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('body').focus();
    await page.keyboard.press('y');
    const read = () => page.evaluate(() => navigator.clipboard.readText());
    await soon(read).toMatch(/^http:.*#\/search\?/);
    const link = await read();
    expect(link).toContain('size=73');
    expect(link).toMatch(/from=\d{4}-[^&]*&to=\d{4}-/);
    await desk.record([{ ...event, actor: { id: 'late-clock' } }]);
    const colleague = await desk.open(new URL(link).hash.split('?')[1] ?? '');
    await expectTotal(colleague.page, 1);
    await colleague.page.getByText('as of 73 records').waitFor();
  });

  it(`holds what was searched for, whatever it is`, async () => {
    const pill = `actor:"${HOSTILE.replaceAll('"', '\\"')}"`;
    const { page } = await desk.open(`${new URLSearchParams({ f: pill, q: 'a&b=c#d "+%"' })}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy a link' }).click();
    const read = () => page.evaluate(() => navigator.clipboard.readText());
    await soon(read).toMatch(/#\/search\?/);
    const parameters = new URLSearchParams(new URL(await read()).hash.split('?')[1] ?? '');
    expect(parameters.get('f')).toBe(pill);
    expect(parameters.get('q')).toBe('a&b=c#d "+%"');
  });
});

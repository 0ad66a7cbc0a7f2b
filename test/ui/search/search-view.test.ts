import { describe, expect, it } from 'vitest';
import {
  countOf,
  expectParameters,
  expectTotal,
  HOSTILE,
  queryField,
  searchDesk,
  soon,
} from '#test/support/search-desk.ts';

const desk = searchDesk();

describe('a view of the search', () => {
  it('keeps the whole view in the address: a reload shows the same', async () => {
    const { page } = await desk.open(
      'q=status%3Asuccess&f=actor%3Aalice&from=2026-01-01T00:00:00Z&to=2026-01-02T12:00:00Z',
    );
    const found = countOf(
      ({ status, actor, timestamp }) =>
        status === 'SUCCESS' && actor.id === 'alice' && timestamp < '2026-01-02T12',
    );
    await expectTotal(page, found);
    const address = page.url();
    await page.reload();
    await expectTotal(page, found);
    expect(await queryField(page).textContent()).toBe('status:success');
    expect(page.url()).toBe(address);
    await queryField(page).click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('status:failure');
    await page.keyboard.press('Enter');
    await expectParameters(page, { q: 'status:failure', f: ['actor:alice'] });
    await page.goBack();
    await expectTotal(page, found);
    expect(await queryField(page).textContent()).toBe('status:success');
  });

  it('keeps searches: listed below an empty bar, walked through by arrows, forgotten', async () => {
    const { page } = await desk.open();
    for (const search of ['actor:alice', 'actor:bob', 'actor:carol']) {
      await queryField(page).click();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(search);
      await page.keyboard.press('Enter');
      await expectParameters(page, { q: search });
    }
    await page.keyboard.press('ArrowUp');
    expect(await queryField(page).textContent()).toBe('actor:bob');
    await page.keyboard.press('ArrowDown');
    expect(await queryField(page).textContent()).toBe('actor:carol');
    await page.reload();
    await queryField(page).click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    const rows = page.getByRole('grid', { name: 'Recent searches' }).getByRole('row');
    await soon(() => rows.allTextContents()).toEqual(['actor:carol', 'actor:bob', 'actor:alice']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Delete');
    await soon(() => rows.allTextContents()).toEqual(['actor:carol', 'actor:alice']);
    await rows.filter({ hasText: 'actor:alice' }).click();
    await expectParameters(page, { q: 'actor:alice' });
    await page.keyboard.press('Escape');
    await rows.first().waitFor({ state: 'detached' });
  });

  it('shows what records and links say as text, and runs none of it', async () => {
    const { page, complaints, hosts } = await desk.open(
      `${new URLSearchParams({ q: `"${HOSTILE.replaceAll('"', '\\"')}"` })}`,
    );
    await soon(() => queryField(page).locator('.mark').allTextContents()).toEqual(['U+202E', 'NUL']);
    await queryField(page).click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('actor:');
    const option = page.getByRole('option').filter({ hasText: '<img src=x' });
    await option.filter({ hasText: '[U+202E]' }).waitFor();
    await option.click();
    await page.keyboard.press('Enter');
    await expectTotal(
      page,
      countOf(({ actor }) => actor.id === HOSTILE),
    );
    expect(await page.locator('img:not(.cm-widgetBuffer)').count()).toBe(0);
    expect(complaints).toEqual([]);
    expect(hosts).toEqual(new Set([new URL(desk.appliance().url).host]));
  });
});

describe('the totals', () => {
  it('say that the ledger has grown, and show what is new when asked', async () => {
    const { page } = await desk.open('q=actor%3Anewcomer');
    await expectTotal(page, 0);
    const size = 72;
    await desk.record([
      {
        action: 'user.login',
        status: 'SUCCESS',
        actor: { id: 'newcomer' },
        timestamp: '2026-02-01T00:00:00Z',
        details: {},
      },
    ]);
    const fresh = page.getByRole('button', { name: '+1 new' });
    await fresh.waitFor({ timeout: 15_000 });
    await expectTotal(page, 0);
    await fresh.click();
    await expectTotal(page, 1);
    await fresh.waitFor({ state: 'detached' });
    // A link that holds the size shows what was there then, says so, and can show all.
    const held = await desk.open(`q=actor%3Anewcomer&size=${size}`);
    await expectTotal(held.page, 0);
    await held.page.getByRole('button', { name: `as of ${size} records` }).click();
    await expectTotal(held.page, 1);
    await expectParameters(held.page, { size: null });
  });
});

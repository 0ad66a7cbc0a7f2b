import type { Page } from 'playwright-core';
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

const pills = (page: Page) => page.locator('.filter-pills-term');
const editor = (page: Page) => page.getByRole('dialog').getByRole('textbox', { name: 'Condition' });

async function replaceTerm(page: Page, text: string): Promise<void> {
  await editor(page).waitFor();
  await soon(() => editor(page).evaluate((field) => field === document.activeElement)).toBe(true);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

describe('filters', () => {
  it('are added, changed, negated and removed by keyboard alone', async () => {
    const { page, complaints } = await desk.open();
    const add = page.getByRole('button', { name: 'Add a filter' });
    await add.press('Enter');
    await replaceTerm(page, 'actor:alice');
    await expectTotal(
      page,
      countOf(({ actor }) => actor.id === 'alice'),
    );
    await add.press('Enter');
    await replaceTerm(page, 'actor:bob');
    await expectParameters(page, { f: ['actor:alice', 'actor:bob'] });
    // Several of one field mean any of them.
    await expectTotal(
      page,
      countOf(({ actor }) => ['alice', 'bob'].includes(actor.id)),
    );
    await pills(page).nth(1).press('Enter');
    await replaceTerm(page, 'status:failure');
    await expectParameters(page, { f: ['actor:alice', 'status:failure'] });
    await pills(page).nth(0).focus();
    await page.keyboard.press('-');
    await expectParameters(page, { f: ['-actor:alice', 'status:failure'] });
    await expectTotal(
      page,
      countOf(({ actor, status }) => actor.id !== 'alice' && status === 'FAILURE'),
    );
    expect(await pills(page).nth(0).textContent()).toBe('not actor:alice');
    // The focus stays among them.
    await page.keyboard.press('Delete');
    await expectParameters(page, { f: ['status:failure'] });
    expect(
      await pills(page)
        .nth(0)
        .evaluate((pill) => pill === document.activeElement),
    ).toBe(true);
    await page.keyboard.press('Backspace');
    await expectParameters(page, { f: [] });
    await soon(() => add.evaluate((button) => button === document.activeElement)).toBe(true);
    await expectTotal(page, 72);
    expect(complaints).toEqual([]);
  });

  it('are negated and removed in their editor, too', async () => {
    const { page } = await desk.open('f=action%3Adata.read&f=status%3Asuccess');
    await pills(page).nth(0).click();
    await page.getByRole('button', { name: 'Exclude these records' }).click();
    await expectParameters(page, { f: ['-action:data.read', 'status:success'] });
    await pills(page).nth(0).click();
    await page.getByRole('button', { name: 'Show only these records' }).click();
    await expectParameters(page, { f: ['action:data.read', 'status:success'] });
    await pills(page).nth(1).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await expectParameters(page, { f: ['action:data.read'] });
    await page.getByRole('button', { name: 'Remove filter action:data.read' }).click();
    await expectParameters(page, { f: [] });
  });

  it('are one condition each: what is none is refused with what was expected', async () => {
    const { page } = await desk.open('f=actor%3Aalice');
    await pills(page).nth(0).click();
    await replaceTerm(page, 'actor:alice actor:bob');
    await page.getByRole('alert').filter({ hasText: 'more than one condition' }).waitFor();
    await replaceTerm(page, 'actr:alice');
    await page.getByRole('alert').filter({ hasText: 'the nearest is "actor"' }).waitFor();
    await page.keyboard.press('Escape');
    await editor(page).waitFor({ state: 'detached' });
    await expectParameters(page, { f: ['actor:alice'] });
  });

  it('of a link that are wrong are shown as that, and can be removed', async () => {
    const { page } = await desk.open('f=actr%3Aalice&f=actor%3Aalice');
    await page.locator('.query-row-mistake').filter({ hasText: 'In the filter actr:alice' }).waitFor();
    await page.locator('[data-broken] .filter-pills-term').press('Delete');
    await page.locator('.query-row-mistake').waitFor({ state: 'detached' });
    await expectTotal(
      page,
      countOf(({ actor }) => actor.id === 'alice'),
    );
  });

  it('move into the search with the same meaning, and are removed all at once', async () => {
    const { page } = await desk.open('q=status%3Asuccess+OR+status%3Afailure&f=actor%3Aalice&f=actor%3Abob');
    const found = countOf(({ actor }) => ['alice', 'bob'].includes(actor.id));
    await expectTotal(page, found);
    await page.getByRole('button', { name: 'Move into the search' }).click();
    await expectParameters(page, { q: 'actor:alice actor:bob (status:success OR status:failure)', f: [] });
    await expectTotal(page, found);
    expect(await queryField(page).textContent()).toBe(
      'actor:alice actor:bob (status:success OR status:failure)',
    );
    await page.goBack();
    await page.getByRole('button', { name: 'Remove all filters' }).click();
    await expectParameters(page, { q: 'status:success OR status:failure', f: [] });
  });

  it('show what they say as text, whatever it is', async () => {
    const term = `actor:"${HOSTILE.replaceAll('"', '\\"')}"`;
    const { page, complaints } = await desk.open(`${new URLSearchParams({ f: term })}`);
    await expectTotal(
      page,
      countOf(({ actor }) => actor.id === HOSTILE),
    );
    expect(await pills(page).nth(0).locator('.mark').allTextContents()).toEqual(['U+202E', 'NUL']);
    const remove = page.locator('.filter-pills-remove');
    expect(await remove.getAttribute('aria-label')).toContain('[U+202E]');
    await pills(page).nth(0).click();
    await soon(() => editor(page).locator('.mark').allTextContents()).toEqual(['U+202E', 'NUL']);
    expect(await page.locator('img:not(.cm-widgetBuffer)').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

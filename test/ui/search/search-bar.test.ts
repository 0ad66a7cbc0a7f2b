import { describe, expect, it } from 'vitest';
import {
  countOf,
  expectParameters,
  expectTotal,
  queryField,
  searchDesk,
  soon,
} from '#test/support/search-desk.ts';

const desk = searchDesk();

describe('the search bar', () => {
  it('completes fields, paths and values by keyboard alone, and Enter runs what stands there', async () => {
    const { page, complaints } = await desk.open();
    await expectTotal(page, 72);
    await page.keyboard.press('/');
    await expect
      .poll(() => queryField(page).evaluate((field) => field === document.activeElement))
      .toBe(true);
    const options = page.getByRole('option');
    await page.keyboard.type('sta');
    await options.filter({ hasText: 'How it ended' }).waitFor();
    await page.keyboard.press('Tab');
    // The field's values follow at once.
    await options.filter({ hasText: 'failure' }).waitFor();
    await page.keyboard.type('f');
    await soon(() => options.count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await queryField(page).textContent()).toBe('status:failure ');
    // What records have is offered with its number.
    await page.keyboard.type('details.r');
    await options.filter({ hasText: 'details.role:' }).filter({ hasText: '72' }).waitFor();
    await page.keyboard.press('Tab');
    await options.filter({ hasText: 'admin' }).filter({ hasText: '36' }).waitFor();
    await page.keyboard.type('a');
    await soon(() => options.count()).toBe(1);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectParameters(page, { q: 'status:failure details.role:admin' });
    await expectTotal(
      page,
      countOf(({ status, details }) => status === 'FAILURE' && details['role'] === 'admin'),
    );
    expect(complaints).toEqual([]);
  });

  it('closes the list on Escape and stays; the next Escape leaves', async () => {
    const { page } = await desk.open();
    await page.locator('[role=grid][aria-rowcount]').waitFor();
    await queryField(page).click();
    await page.keyboard.type('acti');
    await page.getByRole('listbox').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('listbox').waitFor({ state: 'detached' });
    const isFocused = () => queryField(page).evaluate((field) => field === document.activeElement);
    expect(await isFocused()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await isFocused()).toBe(false);
    // The records have the focus then.
    expect(await page.evaluate(() => document.activeElement?.closest('[role=grid]') !== null)).toBe(true);
    expect(await queryField(page).textContent()).toBe('acti');
  });

  it('underlines a mistake, says what was expected, and does not run it', async () => {
    const { page } = await desk.open('q=actor%3Aalice');
    const found = countOf(({ actor }) => actor.id === 'alice');
    await expectTotal(page, found);
    await queryField(page).click();
    await page.keyboard.press('End');
    await page.keyboard.type(' statu:failure');
    await soon(() => page.locator('.query-editor-mistake').allTextContents()).toEqual(['statu']);
    const said = page.locator('.query-row-mistake');
    expect(await said.textContent()).toContain('the nearest is "status"');
    expect(await said.getAttribute('role')).toBeNull();
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'the nearest is "status"' }).waitFor();
    expect(await queryField(page).getAttribute('aria-invalid')).toBe('true');
    await expectParameters(page, { q: 'actor:alice' });
    await expectTotal(page, found);
    // Put right, it runs.
    for (let at = 0; at < ':failure'.length; at++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.type('s');
    await page.locator('.query-row-mistake').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await expectParameters(page, { q: 'actor:alice status:failure' });
  });

  it('says what is wrong with a link, too, and never shows an empty answer for it', async () => {
    const { page } = await desk.open('q=statu%3Afailure');
    await page.locator('.query-row-mistake').filter({ hasText: '"status"' }).waitFor();
    expect(await page.locator('.query-editor-mistake').allTextContents()).toEqual(['statu']);
    expect(await page.locator('.totals-line strong').count()).toBe(0);
  });

  it('shows a mistake that only the appliance finds at its place', async () => {
    const { page } = await desk.open();
    await page.route('**/graphql', async (route) => {
      const body = route.request().postDataJSON() as { query: string };
      if (!body.query.includes('query SearchTotal')) return route.continue();
      const extensions = { code: 'SEARCH_INVALID', path: ['search'] };
      const errors = [{ message: 'Column 7: Expected otherwise.', extensions }];
      return route.fulfill({ json: { errors } });
    });
    await queryField(page).click();
    await page.keyboard.type('alice bob');
    await page.keyboard.press('Enter');
    await page.locator('.query-row-mistake').filter({ hasText: 'Expected otherwise.' }).waitFor();
    expect(await page.locator('.query-editor-mistake').allTextContents()).toEqual(['b']);
  });
});

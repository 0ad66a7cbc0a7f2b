import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { countOf, expectTotal, queryField, searchDesk } from '#test/support/search-desk.ts';

/** Axe reads the whole page many times over, and a machine may be slow. */
const AXE_MS = 90_000;
const desk = searchDesk();

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .include('.search-bar')
    .include('.popover')
    .analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

async function barViolations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).include('.search-bar').analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe('everybody can use the search bar', () => {
  it.each(['light', 'dark'] as const)(
    'in %s: axe finds nothing in any of its states',
    async (colorScheme) => {
      const parameters =
        'f=actor%3Aalice&f=-action%3Adata.read&f=actr%3Ax&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
      const { page } = await desk.open(parameters, { colorScheme });
      await page.locator('.query-row-mistake').waitFor();
      expect(await barViolations(page)).toEqual([]);
      await queryField(page).click();
      await page.keyboard.type('status:');
      await page.getByRole('option').first().waitFor();
      expect(await barViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('d');
      await page.getByRole('dialog').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('w');
      await page.getByRole('dialog').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.locator('.filter-pills-term').first().click();
      await page.getByRole('dialog').waitFor();
      expect(await violations(page)).toEqual([]);
    },
    AXE_MS,
  );

  it(
    'at 400 pixels: nothing is wider than the page, and everything opens within it',
    async () => {
      const { page } = await desk.open(
        'f=actor%3Aalice&q=status%3Asuccess&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z',
        {
          width: 400,
        },
      );
      await expectTotal(
        page,
        countOf(({ actor, status }) => actor.id === 'alice' && status === 'SUCCESS'),
      );
      const isWithin = async (selector: string): Promise<void> => {
        const box = await page.locator(selector).boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(400);
      };
      const width = () => page.evaluate(() => document.documentElement.scrollWidth);
      expect(await width()).toBe(400);
      await isWithin('.search-bar');
      await page.locator('.time-range-picker-button').click();
      await isWithin('.popover');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Saved views' }).click();
      await isWithin('.popover');
      await page.keyboard.press('Escape');
      await page.locator('.filter-pills-term').first().click();
      await isWithin('.popover');
      await page.keyboard.press('Escape');
      await queryField(page).click();
      await page.keyboard.press('End');
      await page.keyboard.type(' action:');
      await page.getByRole('option').first().waitFor();
      await isWithin('.cm-tooltip-autocomplete');
      expect(await width()).toBe(400);
    },
    AXE_MS,
  );

  it('who listens to a screen reader: mistakes are tied to the field', async () => {
    const { page } = await desk.open('q=statu%3Afailure');
    await page.locator('.query-row-mistake').waitFor();
    const id = await queryField(page).getAttribute('aria-describedby');
    expect(await page.locator(`[id="${id}"]`).textContent()).toContain('"status"');
    expect(await queryField(page).getAttribute('aria-invalid')).toBe('true');
  });
});

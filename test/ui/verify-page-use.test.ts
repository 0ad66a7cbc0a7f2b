import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildPack } from '#test/support/evidence-pack.ts';
import { type SignedPack, signedPack } from '#test/support/signed-pack.ts';
import {
  breaksOn,
  changedSample,
  giveKey,
  samplePack as sample,
  verdictOn,
  VERIFY_MS,
  verifyPages,
} from '#test/support/verify-pages.ts';

/** Axe reads the whole page many times over, and a machine may be slow. */
const AXE_MS = 90_000;
/** Longer than anything takes that is to happen at once, on a machine with other work. */
const SOON_MS = 10_000;

const { open, give, verdictOf } = verifyPages();
const good = sample.bytes;

/** Whose record 1 says something else than was recorded. */
const broken = changedSample(1, 'Grace', 'Ada');

async function violations(page: Page): Promise<string[]> {
  const { violations: listed } = await new AxeBuilder({ page }).analyze();
  return listed.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe('a big pack', () => {
  const COUNT = 50_000;
  const WINDOW = 2_000;
  let big: SignedPack;

  beforeAll(() => {
    big = signedPack(
      Array.from({ length: COUNT }, (_, at) => ({
        event: {
          id: `e-${at}`,
          action: 'data.read',
          status: 'success',
          occurredAt: '2026-01-02T00:00:00.000Z',
        },
        actor: { id: `user-${at % 97}` },
        details: { at, note: 'x'.repeat(200) },
      })),
    );
  }, VERIFY_MS);

  it(
    'is verified with live progress, and read page by page beyond what is kept',
    async () => {
      const { page, complaints } = await open();
      await giveKey(page, big.vkey);
      await give(page, big.bytes, 'big.evidence.zip');
      // It says how far it is, and until the end nothing else.
      await page.locator('.verdict[data-state=checking] progress[value]').waitFor();
      await expect
        .poll(() => page.locator('.work .note').textContent(), { timeout: SOON_MS })
        .toMatch(/^[1-9][\d,]* records of 50,000/);
      expect(await page.locator('.facts').isHidden()).toBe(true);
      expect(await verdictOn(page)).toBe('Verified');
      const span = page.locator('.pager .note');
      expect(await span.textContent()).toBe('1 to 100');
      const next = page.getByRole('button', { name: 'Next' });
      for (let at = 100; at < WINDOW; at += 100) await next.click();
      expect(await span.textContent()).toBe('1901 to 2000');
      await next.click();
      await page.locator('.verdict[data-state=verified]').waitFor({ timeout: VERIFY_MS });
      expect(await span.textContent()).toBe('2001 to 2100');
      expect(await page.locator('tbody tr').first().locator('.index').textContent()).toBe('2000');
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.locator('.verdict[data-state=verified]').waitFor({ timeout: VERIFY_MS });
      expect(await span.textContent()).toBe('1901 to 2000');
      expect(complaints).toEqual([]);
    },
    VERIFY_MS,
  );

  it('stays usable while it is verified, and can be stopped', async () => {
    const { page } = await open();
    await give(page, big.bytes, 'big.evidence.zip');
    await page.locator('.verdict[data-state=checking] progress[value]').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    expect(await verdictOn(page)).toBe('Not checked');
    expect(await page.locator('.facts').isHidden()).toBe(true);
  });

  it(
    'is refused for one bit near its end',
    async () => {
      const records = [...big.parts.records];
      const last = JSON.stringify(records[COUNT - 2]);
      records[COUNT - 2] = last.replace('xxxx', 'xxxy');
      const { page } = await open();
      await giveKey(page, big.vkey);
      expect(await verdictOf(page, buildPack({ ...big.parts, records }))).toBe('Broken');
      expect(await breaksOn(page)).toEqual([`${COUNT - 2} CONTENT_MISMATCH`]);
      // It is not among those that are kept to be read, and shown all the same.
      await page.getByRole('button', { name: `Show record ${COUNT - 2}` }).click();
      await page.getByRole('heading', { name: `Record ${COUNT - 2}` }).waitFor();
      expect(await page.locator('.detail .problems').innerText()).toContain('CONTENT_MISMATCH');
    },
    VERIFY_MS,
  );
});

describe('everybody', () => {
  it.each(['light', 'dark'] as const)(
    'can read and use it in %s, in every state: axe finds nothing',
    async (colorScheme) => {
      const { page } = await open({ colorScheme });
      expect(await violations(page)).toEqual([]);
      await verdictOf(page, good);
      await page.getByText('Witnesses', { exact: true }).click();
      await page.locator('tbody tr[role=row]').nth(2).click();
      await page.locator('.detail summary').first().click();
      expect(await violations(page)).toEqual([]);
      await giveKey(page, 'no key');
      expect(await violations(page)).toEqual([]);
      await giveKey(page, sample.vkey);
      await verdictOn(page);
      await verdictOf(page, broken);
      expect(await violations(page)).toEqual([]);
    },
    AXE_MS,
  );

  it(
    'can use it at 400 pixels: nothing is wider than the page, and axe finds nothing',
    async () => {
      const { page } = await open({ width: 400 });
      await verdictOf(page, broken);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Show record 1' }).click();
      await page.getByRole('heading', { name: 'Record 1' }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
      expect(await violations(page)).toEqual([]);
    },
    AXE_MS,
  );

  it('can use it with keys alone', async () => {
    const { page } = await open();
    await verdictOf(page, good);
    await page.locator('tbody tr[role=row]').first().focus();
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Record 2', exact: true }).waitFor();
    await page.keyboard.press('k');
    await page.getByRole('heading', { name: 'Record 1', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('.detail').isHidden()).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.querySelector('.index')?.textContent)).toBe('1');
  });
});

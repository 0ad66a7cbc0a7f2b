import { describe, expect, it } from 'vitest';
import type { TestWindow } from '#test/support/browser.ts';
import { openDesk } from '#test/support/desk.ts';
import { alterAnswers, checkContent, readProof, settled } from './altered-answers.ts';
import { grownLedger } from './grown-ledger.ts';

const RECORD = 5;

const ledger = grownLedger();

async function openProof(token: string | null = null, index = RECORD): Promise<TestWindow> {
  const { appliance, browser } = ledger();
  const route = `#/search?ledger=default&open=${index}&tab=proof`;
  return openDesk(browser, { url: appliance.url, token: token ?? appliance.adminToken, route });
}

describe('a proof that holds', () => {
  it('is verified only when the content was checked, too, and all of it again when asked', async () => {
    const { page, complaints } = await openProof();
    await settled(page);
    expect(await readProof(page)).toMatchObject({
      verdict: 'content_unchecked',
      word: 'In the ledger’s tree, content not checked',
    });
    expect(await page.locator('.proof-tab').textContent()).not.toContain('Verified');
    await checkContent(page);
    expect(await readProof(page)).toEqual({ verdict: 'verified', word: 'Verified', broken: [] });
    expect(await page.locator('.proof-tree').getAttribute('data-state')).toBe('verified');
    expect(await page.locator('[data-step=memory]').textContent()).toMatch(/first time|remembers/);
    await page.keyboard.press('v');
    await expect.poll(() => page.locator('[data-step=signature]').textContent()).toContain('has known since');
    await settled(page);
    expect((await readProof(page)).word).toBe('Verified');
    expect(complaints).toEqual([]);
  });

  it('tells who may not see salts what was not checked, and why', async () => {
    const token = await ledger().appliance.token(['records:read']);
    const { page } = await openProof(token);
    await settled(page);
    expect((await readProof(page)).verdict).toBe('content_unchecked');
    expect(await page.locator('[data-step=content]').textContent()).toContain('records:reveal');
    expect(await page.getByRole('button', { name: 'Check the content, too' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Save', exact: true }).count()).toBe(0);
  });

  it('is of a record that lost sections, which it names', async () => {
    const erase = `mutation { eraseSections(ledger: "default", index: 9, sections: ["actor"],
      reason: "they asked for it") { __typename } }`;
    expect((await ledger().appliance.graphql(erase)).errors).toEqual([]);
    const { page } = await openProof(null, 9);
    await checkContent(page);
    expect((await readProof(page)).word).toBe('Verified');
    const content = await page.locator('[data-step=content]').textContent();
    expect(content).toMatch(/3 sections match their commitments.*Erased.*: actor\./);
    expect(await page.locator('.proof-tree-section[data-there=false]').count()).toBe(1);
  });

  it('is saved as a file that was verified, and one that was not is refused', async () => {
    const { page } = await openProof();
    await settled(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`default-${RECORD}.tlog-proof`);
    await alterAnswers(page, (operation, data) => {
      if (operation === 'ProofFile')
        data.record.tlogProof = data.record.tlogProof.replace(`index ${RECORD}\n`, `index ${RECORD + 1}\n`);
    });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect.poll(() => page.locator('.proof-file').textContent()).toContain('does not verify');
  });

  it('waits for a checkpoint that covers the record', async () => {
    let isLate = true;
    const { appliance, browser, older } = ledger();
    const { page } = await openDesk(browser, { url: appliance.url, token: appliance.adminToken });
    await alterAnswers(page, (operation, data) => {
      if (isLate && operation === 'ProofCheckpoint') data.ledger.checkpoint = { ...older.checkpoint };
    });
    await page.goto(`${appliance.url}/#/search?ledger=default&open=12&tab=proof`);
    await page.locator('.proof-tab-verdict[data-verdict=waiting]').waitFor();
    expect(await page.locator('[data-step=path]').textContent()).toContain('covers the first 8 records');
    isLate = false;
    await page.locator('.proof-tab-verdict[data-verdict=content_unchecked]').waitFor();
  });
});

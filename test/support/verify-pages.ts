import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { prepareVerifyPage } from '#scripts/prepare.ts';
import { startBrowser, type TestBrowser, type TestWindow, type WindowOptions } from './browser.ts';
import { buildPack } from './evidence-pack.ts';
import { signedPack } from './signed-pack.ts';

/** Longest that a verification in a test takes. */
export const VERIFY_MS = 120_000;
const PAGE = pathToFileURL(fileURLToPath(new URL('../../dist/verify.html', import.meta.url))).href;

/** The page that verifies evidence, opened from the disk in a real browser. */
export interface VerifyPages {
  /** A new window, closed when the test has ended. */
  open(options?: WindowOptions): Promise<TestWindow>;
  /** Gives the page a file; gives where it lies. */
  give(page: Page, bytes: Uint8Array | string, name: string): Promise<string>;
  /** Gives the page a file, and waits for what it says of it in the end. */
  verdictOf(page: Page, bytes: Uint8Array | string, name?: string): Promise<string>;
}

/** Opens a browser for the tests of a file. */
export function verifyPages(): VerifyPages {
  let browser: TestBrowser;
  let folder = '';
  let files = 0;
  beforeAll(async () => {
    prepareVerifyPage();
    folder = mkdtempSync(join(tmpdir(), 'indelible-verify-page-'));
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const give = async (page: Page, bytes: Uint8Array | string, name: string): Promise<string> => {
    const file = join(mkdtempSync(join(folder, `${++files}-`)), name);
    writeFileSync(file, bytes);
    await page.getByLabel('Evidence pack or proof').setInputFiles(file);
    return file;
  };
  return {
    async open(options = {}) {
      const window = await browser.open(options);
      onTestFinished(() => window.close());
      await window.page.goto(PAGE);
      return window;
    },
    give,
    async verdictOf(page, bytes, name = 'a.evidence.zip') {
      await give(page, bytes, name);
      return verdictOn(page);
    },
  };
}

/** Waits until the page is done, and gives its word. */
export async function verdictOn(page: Page): Promise<string> {
  const verdict = page.locator('.verdict:not([data-state=checking]):not([data-state=waiting])');
  await verdict.waitFor({ timeout: VERIFY_MS });
  return (await page.locator('.verdict h2').textContent()) ?? '';
}

/** Types a verifier key and asks to compare. */
export async function giveKey(page: Page, vkey: string): Promise<void> {
  await page.getByLabel("The ledger's verifier key").fill(vkey);
  await page.getByRole('button', { name: 'Compare' }).click();
}

/** Index and kind of each break on the page. */
export async function breaksOn(page: Page): Promise<string[]> {
  const rows = await page.locator('.breaks tbody tr').all();
  return Promise.all(
    rows.map(async (row) => {
      const [index, kind] = await row.locator('td').allInnerTexts();
      return `${index?.trim()} ${kind?.trim()}`;
    }),
  );
}

/** A genuine pack. */
export const samplePack = signedPack(
  Array.from({ length: 13 }, (_, at) => ({
    event: { id: `e-${at}`, action: 'data.export', status: at === 2 ? 'failure' : 'success' },
    actor: { id: 'grace', name: 'Grace Hopper' },
    target: { id: `report-${at}`, type: 'REPORT' },
    details: { at, large: -9_214_364_837_600_034_816n, list: ['a', null, 0.1] },
  })),
);

/** The sample with a text of a record's line changed. */
export function changedSample(index: number, from: string, to: string): Uint8Array {
  const records = [...samplePack.parts.records];
  records[index] = JSON.stringify(records[index]).replace(from, to);
  return buildPack({ ...samplePack.parts, records });
}

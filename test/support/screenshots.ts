import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '#scripts/prepare.ts';

/** Where the pictures of a run are kept for whoever looks at it. */
const FOLDER = join(ROOT, 'test-results/screenshots');

/** Keeps a picture of what the window shows, e.g. `search-dark-1280`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

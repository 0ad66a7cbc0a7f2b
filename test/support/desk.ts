import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { TestBrowser, TestWindow, WindowOptions } from './browser.ts';

export interface DeskOptions extends WindowOptions {
  /** Address of the appliance. */
  readonly url: string;
  /** Token to sign in with; signed out without. */
  readonly token?: string;
  /** From `#` on, e.g. `#/search?ledger=default`. */
  readonly route?: string;
}

/** Opens the page in a window of its own, signed in as a person would be; closed when the test ends. */
export async function openDesk(browser: TestBrowser, options: DeskOptions): Promise<TestWindow> {
  const { url, token, route = '', ...window } = options;
  const opened = await browser.open(window);
  onTestFinished(() => opened.close());
  if (token !== undefined) await signIn(opened.page, url, token);
  await opened.page.goto(`${url}/${route}`);
  return opened;
}

/** Signs the window in without its form. */
export async function signIn(page: Page, url: string, token: string): Promise<void> {
  const answer = await page.request.post(`${url}/session`, {
    data: { token },
    headers: { 'x-indelible-csrf': '1', origin: new URL(url).origin },
  });
  if (!answer.ok()) throw new Error(`The sign-in failed: ${answer.status()} ${await answer.text()}`);
}

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from './appliance.ts';
import { startBrowser, type TestBrowser, type TestWindow } from './browser.ts';
import { type DeskOptions, openDesk } from './desk.ts';

/** Longer than anything takes that is to happen at once, on a machine with other work. */
const SOON_MS = 15_000;
const START_MS = 120_000;
const TEST_MS = 60_000;

/** One event of those that the search is tried on. */
export interface SearchedEvent {
  readonly action: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'ATTEMPT';
  readonly actor: { readonly id: string };
  readonly timestamp: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** An id that runs where a page takes it for markup, and turns what stands behind it round. */
export const HOSTILE = '"><img src=x onerror=alert(1)>\u202egnp.\u0000exe';
const ACTIONS = ['user.login', 'data.read', 'invoice.pay', HOSTILE];
const ACTORS = ['alice', 'bob', 'carol', HOSTILE];

/** One an hour, from the beginning of 2026 on. */
export const SEARCHED: readonly SearchedEvent[] = Array.from({ length: 72 }, (_, at) => ({
  action: ACTIONS[at % 4] ?? '',
  status: at % 9 === 0 ? 'FAILURE' : 'SUCCESS',
  actor: { id: ACTORS[(at >> 2) % 4] ?? '' },
  timestamp: new Date(Date.UTC(2026, 0, 1, at)).toISOString(),
  details: { role: at % 2 === 0 ? 'admin' : 'guest', amount: at },
}));

/** How many of them satisfy a condition. */
export function countOf(isMatch: (event: SearchedEvent) => boolean): number {
  return SEARCHED.filter(isMatch).length;
}

/** The search screen of a real appliance in a real browser. */
export interface SearchDesk {
  readonly appliance: () => Appliance;
  /** A new window on the search, signed in; closed when the test has ended. */
  open(parameters?: string, options?: Partial<DeskOptions>): Promise<TestWindow>;
  record(events: readonly SearchedEvent[]): Promise<void>;
}

/** Starts both for the tests of a file, with the events recorded. */
export function searchDesk(): SearchDesk {
  vi.setConfig({ testTimeout: TEST_MS });
  let appliance: Appliance;
  let browser: TestBrowser;
  const record = async (events: readonly SearchedEvent[]): Promise<void> => {
    const mutation = 'mutation ($e: [EventInput!]!) { recordEvents(events: $e, ack: RECORDED) { accepted } }';
    const { data, text } = await appliance.graphql<{ recordEvents: { accepted: number } }>(mutation, {
      e: events,
    });
    if (data.recordEvents.accepted !== events.length) throw new Error(`Not all was accepted: ${text}`);
  };
  beforeAll(async () => {
    prepareUi();
    [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
    await record(SEARCHED);
  }, START_MS);
  afterAll(async () => {
    await browser.close();
    await appliance.stop();
  });
  return {
    appliance: () => appliance,
    record,
    async open(parameters = '', options = {}) {
      const { url, adminToken: token } = appliance;
      const window = await openDesk(browser, { url, token, route: `#/search?${parameters}`, ...options });
      await window.page.locator('.search-bar').waitFor({ timeout: SOON_MS });
      return window;
    },
  };
}

/** Asks until what is expected is so. */
export function soon<Value>(read: () => Value) {
  return expect.poll(read, { timeout: SOON_MS });
}

/** The field of the search. */
export function queryField(page: Page) {
  return page.locator('.query-row').getByRole('textbox', { name: 'Search' });
}

/** Waits until the bar says how many records match. */
export async function expectTotal(page: Page, count: number): Promise<void> {
  await soon(() => page.locator('.totals-line strong').allTextContents()).toEqual([
    expect.stringMatching(new RegExp(`^${count} of `)),
  ]);
}

/** Waits until the address has these parameters, and no other of these names. */
export async function expectParameters(page: Page, expected: Record<string, unknown>): Promise<void> {
  const read = (): Record<string, unknown> => {
    const parameters = new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');
    return Object.fromEntries(
      Object.keys(expected).map((name) => [
        name,
        Array.isArray(expected[name]) ? parameters.getAll(name) : parameters.get(name),
      ]),
    );
  };
  await soon(read).toEqual(expected);
}

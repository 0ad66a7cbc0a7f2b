import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { makeMonth } from '#server/demo/month.ts';
import type { Appliance } from '#test/support/appliance.ts';

/** What tests of the table share: records to look at, and what is seen of them. */

const LAST_DAY = Date.UTC(2026, 0, 31);
const CHUNK = 1_000;
const BUSY_MS = 20_000;

/** Records events, in order. */
export async function recordAll(appliance: Appliance, events: readonly object[]): Promise<void> {
  for (let from = 0; from < events.length; from += CHUNK) {
    const lines = events.slice(from, from + CHUNK).map((event) => JSON.stringify(event));
    const { status, text } = await appliance.request('/v1/events?ack=RECORDED', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    if (status !== 200 || text.includes('REJECTED')) throw new Error(`Not recorded: ${status} ${text}`);
  }
}

/** Events of a month, as many as asked for. */
export function monthOf(events: number): readonly object[] {
  return makeMonth({ seed: 7, lastDay: LAST_DAY, events });
}

/** An event that happened so many minutes into a day, e.g. to be told apart by its actor. */
export function eventBy(actor: string, minute = 0, more: object = {}): object {
  return {
    action: 'door.open',
    status: 'SUCCESS',
    timestamp: new Date(Date.UTC(2026, 1, 2) + minute * 60_000).toISOString(),
    actor: { id: actor },
    ...more,
  };
}

/** Expects of what is looked at again and again that it becomes so, also on a machine that is busy. */
export function soon<T>(look: () => T) {
  return expect.poll(look, { timeout: BUSY_MS });
}

/** Waits until rows are there. */
export async function rowsAreThere(page: Page): Promise<void> {
  await page.locator('.record-table-row[data-status]').first().waitFor();
}

/** Texts of one column, from the top, of the rows that are drawn. */
export async function textsOf(page: Page, column: string): Promise<string[]> {
  return await page
    .locator('.record-table-rows')
    .evaluate(
      (rows, wanted) =>
        [...rows.querySelectorAll<HTMLElement>('.record-table-row')]
          .toSorted((one, other) => Number(one.dataset['place']) - Number(other.dataset['place']))
          .map((row) => row.querySelector(`[data-column="${wanted}"]`)?.textContent ?? ''),
      column,
    );
}

/** Indexes of the rows that are wholly in view, from the top; the column `index` must be shown. */
export async function seenIndexes(page: Page): Promise<number[]> {
  return await page.locator('.record-table-grid').evaluate((grid) => {
    const view = grid.getBoundingClientRect();
    const top = view.top + 28;
    return [...grid.querySelectorAll<HTMLElement>('.record-table-row')]
      .map((row) => ({ row, box: row.getBoundingClientRect() }))
      .filter(({ box }) => box.top >= top - 1 && box.bottom <= view.top + grid.clientHeight + 1)
      .toSorted((one, other) => one.box.top - other.box.top)
      .map(({ row }) => Number(row.querySelector('[data-column="index"]')?.textContent ?? Number.NaN));
  });
}

/** What a browser kept of an earlier visit. */
export async function keepPreferences(page: Page, preferences: object): Promise<void> {
  await page.evaluate(
    (kept) => localStorage.setItem('indelible.preferences', kept),
    JSON.stringify(preferences),
  );
  await page.reload();
}

/** What was copied last. */
export async function copied(page: Page): Promise<string> {
  return await page.evaluate(() => navigator.clipboard.readText());
}

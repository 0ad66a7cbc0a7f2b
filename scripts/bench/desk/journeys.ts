import type { Page } from 'playwright-core';

/** One thing that a person does, and how long until they see it; in ms. */
export interface Journey {
  readonly name: string;
  /** Gives the times it took, one a turn. */
  readonly run: (page: Page, url: string) => Promise<readonly number[]>;
}

const SEARCHES = [
  'actor:practitioner-1',
  'status:failure',
  'action:patient.record.*',
  'description:"laboratory report"',
  'details.ward:cardiology status:failure',
  '-action:patient.record.read',
];
const VIEWS = 5;
const WHEELS = 150;
const DRAGS = 6;
const DRAG_FRAMES = 60;

export const JOURNEYS: readonly Journey[] = [
  { name: 'first view', run: firstViews },
  { name: 'scroll by wheel', run: wheel },
  { name: 'drag the bar', run: drag },
  { name: 'search', run: searches },
  { name: 'brush the histogram', run: brush },
];

/** From the navigation to rows and total. */
async function firstViews(page: Page, url: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let view = 0; view < VIEWS; view++) {
    await page.goto('about:blank');
    await page.goto(`${url}#/search?ledger=default`, { waitUntil: 'commit' });
    times.push(await untilRows(page));
  }
  return times;
}

async function wheel(page: Page): Promise<readonly number[]> {
  const grid = page.locator('.record-table-grid');
  await grid.hover();
  const times: number[] = [];
  for (let turn = 0; turn < WHEELS; turn++) {
    const start = performance.now();
    await page.mouse.wheel(0, turn % 10 === 9 ? 1_200 : 120);
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    times.push(performance.now() - start);
  }
  return times;
}

/** Through the whole ledger and to some place: until the rows of that place are there. */
async function drag(page: Page): Promise<readonly number[]> {
  const times: number[] = [];
  for (let turn = 1; turn <= DRAGS; turn++) {
    const to = (turn * 0.37) % 1;
    await page.locator('.record-table-grid').evaluate(
      async (grid, { share, frames }) => {
        const start = grid.scrollTop;
        const end = share * (grid.scrollHeight - grid.clientHeight);
        for (let frame = 1; frame <= frames; frame++) {
          grid.scrollTop = start + ((end - start) * frame) / frames;
          await new Promise((drawn) => requestAnimationFrame(drawn));
        }
      },
      { share: to, frames: DRAG_FRAMES },
    );
    const start = performance.now();
    await page.waitForFunction(isSettled);
    times.push(performance.now() - start);
  }
  return times;
}

async function searches(page: Page): Promise<readonly number[]> {
  const times: number[] = [];
  for (const query of SEARCHES) {
    const parameters = new URLSearchParams({ ledger: 'default', q: query });
    const start = performance.now();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `/search?${parameters}`);
    await page.waitForFunction(() => document.querySelector('.record-table-grid[aria-busy=true]') !== null);
    await page.waitForFunction(isSettled);
    times.push(performance.now() - start);
  }
  return times;
}

/** With the mouse, from a third to half of the time. */
async function brush(page: Page): Promise<readonly number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < VIEWS; turn++) {
    await page.evaluate(() => {
      location.hash = '/search?ledger=default';
    });
    await page.waitForFunction(isSettled);
    const plot = page.locator('.histogram-plot');
    await plot.waitFor();
    const box = await plot.boundingBox();
    if (box === null) throw new Error('There is no histogram.');
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / (2 + turn / 10), box.y + box.height / 2, { steps: 20 });
    const start = performance.now();
    await page.mouse.up();
    await page.waitForFunction(() => location.hash.includes('from='));
    await page.waitForFunction(isSettled);
    times.push(performance.now() - start);
  }
  return times;
}

/** ms from the beginning of the navigation until rows and total are drawn. */
async function untilRows(page: Page): Promise<number> {
  const done = await page.waitForFunction(() => {
    const isDrawn = document.querySelector('.record-table-row[data-status]') !== null;
    return isDrawn && document.querySelector('.record-table-seen[data-rows]') !== null
      ? performance.now()
      : false;
  });
  return (await done.jsonValue()) || 0;
}

/** Whether the table shows what was asked for last, all of it. */
function isSettled(): boolean {
  const grid = document.querySelector('.record-table-grid');
  const isDrawn =
    document.querySelector('.record-table-row[data-status], .record-table-empty strong') !== null;
  return (
    grid?.getAttribute('aria-busy') === 'false' &&
    isDrawn &&
    document.querySelector('.record-table-row[aria-busy]') === null
  );
}

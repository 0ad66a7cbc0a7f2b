import type { CDPSession, Page } from 'playwright-core';

/** How the page's main thread was kept busy during some act. */
export interface Busy {
  /** Tasks of 50 ms and more, in ms. */
  readonly longTasks: readonly number[];
  /** Times between frames, in ms. */
  readonly frames: readonly number[];
  /** What the main thread needed of a processor, whoever else wanted it, in ms. */
  readonly cpuMs: number;
}

interface Watch {
  longTasks: number[];
  frames: number[];
}

declare global {
  var benchWatch: Watch;
}

/** Has every page that is opened from now on watch itself. */
export async function watchMainThread(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.benchWatch = { longTasks: [], frames: [] };
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.benchWatch.longTasks.push(duration);
    });
    observer.observe({ type: 'longtask', buffered: true });
    let last = performance.now();
    const frame = (now: number): void => {
      globalThis.benchWatch.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** Looks at what the main thread does. */
export async function openMainThread(page: Page): Promise<{ readonly take: () => Promise<Busy> }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  let before = await cpuOf(session);
  return {
    /** What was seen since the last time, and forgets it. */
    async take() {
      const cpu = await cpuOf(session);
      const cpuMs = cpu - before;
      before = cpu;
      const watched = await page.evaluate(() => {
        const taken = globalThis.benchWatch;
        globalThis.benchWatch = { longTasks: [], frames: [] };
        return taken;
      });
      return { ...watched, cpuMs };
    },
  };
}

async function cpuOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}

/** The value that a share of them does not exceed; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

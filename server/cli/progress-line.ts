import type { Clock } from '#server/clock.ts';
import type { ImportCounts } from './import/import-file.ts';
import type { Output } from './output.ts';

/** Where there is no terminal, a line at most this often. */
const LINE_EVERY_MS = 5_000;
const BAR_WIDTH = 20;

export interface ProgressLine {
  show(counts: ImportCounts, done: number, total: number): void;
  clear(): void;
}

/** Shows how far something has come: a bar on a terminal, now and then a line elsewhere. */
export function createProgressLine(output: Output, clock: Clock, label: string): ProgressLine {
  const startedAt = clock();
  let eventsAtStart: number | null = null;
  let saidAt = startedAt;
  return {
    show(counts, done, total) {
      const now = clock();
      eventsAtStart ??= counts.events;
      const rate = perSecond(counts.events - eventsAtStart, now - startedAt);
      const text = `${describeCounts(counts)}${rate === null ? '' : `, ${whole(rate)}/s`}`;
      if (output.isTerminal) {
        output.status(`${bar(done, total)} ${label}: ${text}`);
      } else if (now - saidAt >= LINE_EVERY_MS) {
        saidAt = now;
        output.note(`${percent(done, total)} ${label}: ${text}`);
      }
    },
    clear: () => output.status(''),
  };
}

/** The counts as a sentence's part. */
export function describeCounts({ events, accepted, duplicates, rejected }: ImportCounts): string {
  const noun = events === 1 ? 'event' : 'events';
  const parts = [
    `${whole(accepted)} accepted`,
    `${whole(duplicates)} duplicate`,
    `${whole(rejected)} rejected`,
  ];
  return `${whole(events)} ${noun} (${parts.join(', ')})`;
}

/** A number with its thousands apart, the same on every machine. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function perSecond(events: number, ms: number): number | null {
  return ms < 200 ? null : (events * 1000) / ms;
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.floor((done / total) * BAR_WIDTH));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${percent(done, total)}`;
}

function percent(done: number, total: number): string {
  return `${total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100))} %`;
}

import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import { type IndexingDeps, startIndexing } from '#server/worker/index-ledgers.ts';
import { sectionsRecord } from '#test/index/support/content-record.ts';
import { createMemoryRecordSource } from '#test/support/memory-record-source.ts';
import { createVirtualTime } from '#test/support/virtual-time.ts';

/** How often the stage looks by itself. */
export const POLL_MS = 7000;

/** What a storage rejects with. */
export const outage = () => new AppError('STORAGE_UNAVAILABLE', { message: 'The disk is full.' });
export const damage = () => new AppError('INDEX_DAMAGED', { cause: new Error('malformed') });

const SECTIONS = sectionsRecord(0, { event: { action: 'a' }, details: { n: 1 } }).sections;
/** Content of a large record. */
export const LARGE = sectionsRecord(0, { details: { text: 'x'.repeat(60_000) } }).sections;

/** Records of a ledger, all of one content. */
export function recordsOf(
  from: number,
  to: number,
  { recordedAt = 0, salt = '', sections = SECTIONS } = {},
): ContentRecord[] {
  return Array.from({ length: to - from }, (_, i) => {
    const index = from + i;
    return {
      index,
      recordedAt: recordedAt + index,
      leafHash: sha256(Buffer.from(`${salt}${index}`)),
      sections,
    };
  });
}

/** The stage on a time of its own; `sizes` are the ledgers' records at first. */
export function openStage<S extends SegmentStore>(store: S, sizes: readonly number[] = []) {
  const source = createMemoryRecordSource();
  const time = createVirtualTime();
  const lines: string[] = [];
  const built: string[] = [];
  sizes.forEach((size, i) => source.append(i + 1, recordsOf(0, size)));
  const log = pino(
    { base: null },
    { write: (line: string) => void lines.push(String(JSON.parse(line).msg)) },
  );
  return {
    store,
    source,
    time,
    lines,
    built,
    run(changed: Partial<IndexingDeps> = {}) {
      const indexing = startIndexing({
        store,
        source,
        sha256,
        log,
        now: time.now,
        startTimer: time.startTimer,
        pollMs: POLL_MS,
        onBuilt: ({ ledgerNo, from, to }) => built.push(`${ledgerNo}: ${from}-${to}`),
        ...changed,
      });
      onTestFinished(() => indexing.stop());
      return indexing;
    },
    ranges: async (ledgerNo = 1) => (await store.list(ledgerNo)).map(({ from, to }) => `${from}-${to}`),
  };
}

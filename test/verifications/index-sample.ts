import { expect } from 'vitest';
import { buildSegment } from '#server/index/build-segment.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { ArchivedRecord, LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import type { EditableArchive } from './editable-archive.ts';

/** Indexes a stretch of the sample as it is, or as it was before `change`. */
export async function indexSample(
  target: EditableArchive,
  store: SegmentStore,
  from: number,
  to: number,
  change: (record: ArchivedRecord) => ArchivedRecord = (record) => record,
): Promise<void> {
  const records = (await recordsOf(target.archive, from, to)).map(change);
  const pages = buildSegment(
    sha256,
    records.map((record) => ({ ...record, leafHash: record.leafHash as Hash })),
  );
  expect(await store.put(1, { from, to, pages })).toBe(true);
}

async function recordsOf(
  archive: LedgerArchive,
  from: number,
  to: number,
): Promise<readonly ArchivedRecord[]> {
  const records: ArchivedRecord[] = [];
  while (from + records.length < to) records.push(...(await archive.records(1, from + records.length, to)));
  return records;
}

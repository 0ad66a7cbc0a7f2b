import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { contentRecordOf, type StoredRecord } from './record-content.ts';

/** Content that is looked at in one go, in bytes: with many conditions some 20 ms. */
const BYTES_AT_ONCE = 128 * 1024;

/**
 * Tells of one stored record after the other whether it satisfies a condition. Records may be large, and
 * requests are answered in this thread too: so others have their turn in between.
 */
export function createRecordCheck(
  matches: (record: ContentRecord) => boolean,
): (record: StoredRecord) => Promise<boolean> {
  let bytes = 0;
  return async (stored) => {
    const record = contentRecordOf(stored);
    for (const { length } of record.sections.values()) bytes += length;
    if (bytes >= BYTES_AT_ONCE) {
      bytes = 0;
      await nextTurn();
    }
    return matches(record);
  };
}

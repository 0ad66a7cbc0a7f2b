import { Bitset } from '#server/index/bitset.ts';
import type { MatchedSegment } from '#server/index/values.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';
import { cutAnywhere, type MakeSegment } from './segment-kinds.ts';

/** Records in segments cut anywhere, some of them wanted. */
export interface WantedRecords {
  readonly parts: readonly MatchedSegment[];
  /** Those that are wanted, ascending. */
  readonly wanted: readonly ContentRecord[];
}

/** Of each segment a random share is wanted: now and then all of it, or nothing. */
export async function wantSome(
  records: readonly ContentRecord[],
  sizeMax: number,
  make: MakeSegment,
  random: SeededRandom,
): Promise<WantedRecords> {
  const wanted: ContentRecord[] = [];
  const parts: MatchedSegment[] = [];
  for (const row of cutAnywhere(records, sizeMax, random)) {
    const share = random.pick([0, 0.02, 0.5, 1]);
    const matched = Bitset.none(row.length);
    for (const [number, record] of row.entries()) {
      if (random.fraction() >= share) continue;
      matched.add(number);
      wanted.push(record);
    }
    parts.push({ segment: await make(row), matched });
  }
  return { parts, wanted };
}

import { buildSegment } from '#server/index/build-segment.ts';
import { createSearch, type SearchLimits } from '#server/index/search.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { Search } from '#server/ports/search.ts';
import { sha256 } from '#server/sha256.ts';
import { createMemoryRecordSource, type MemoryRecordSource } from '#test/support/memory-record-source.ts';
import { createMemorySegmentStore, type MemorySegmentStore } from '#test/support/memory-segment-store.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { contentRecord } from './content-record.ts';

/** The ledger of these tests. */
export const LEDGER_NO = 7;

const ACTIONS = ['user.login', 'user.logout', 'invoice.pay', 'invoice.void', 'role.grant'];
const ACTORS = Array.from({ length: 40 }, (_, number) => `user-${number}`);
/** Some months, in ms. */
const SPREAD_MS = 10_000_000_000;

/** Records of few actions and actors, that happened out of order and some of them at once. */
export function someRecords(count: number, seed = 1, from = 0): ContentRecord[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, order) => {
    const seconds = Math.floor(random.below(SPREAD_MS) / 1000 / 60) * 60;
    const timestamp = new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace('.000Z', '');
    const fraction = random.below(3) === 0 ? `.${String(random.below(1000)).padStart(9, '0')}` : '';
    return contentRecord(from + order, {
      timestamp: `${timestamp}${fraction}Z`,
      action: random.pick(ACTIONS),
      status: random.below(4) === 0 ? 'FAILURE' : 'SUCCESS',
      actor: { id: random.pick(ACTORS), type: 'USER' },
      ...(random.below(2) === 0 ? { details: { amount: random.below(100), tags: ['new', 'paid'] } } : {}),
    });
  });
}

/** A ledger with its index, and the search over both. */
export interface SearchedLedger {
  readonly store: MemorySegmentStore;
  readonly source: MemoryRecordSource;
  readonly search: Search;
  /** What the search told of the index. */
  readonly damage: (readonly [ledgerNo: number, reason: string])[];
  /** Puts segments that end at these indexes behind those that are there. */
  index(...ends: readonly number[]): Promise<void>;
}

export interface SearchedLedgerOptions {
  readonly records: readonly ContentRecord[];
  readonly source?: MemoryRecordSource;
  readonly limits?: Partial<SearchLimits>;
  readonly now?: () => number;
}

export function searchedLedger(options: SearchedLedgerOptions): SearchedLedger {
  const { records, limits, now = () => 0, source = createMemoryRecordSource() } = options;
  const store = createMemorySegmentStore();
  source.append(LEDGER_NO, records);
  const damage: (readonly [number, string])[] = [];
  return {
    store,
    source,
    damage,
    search: createSearch({
      store,
      source,
      sha256,
      now,
      onDamage: (ledgerNo, reason) => damage.push([ledgerNo, reason]),
      limits,
    }),
    async index(...ends) {
      for (const to of ends) {
        const from = (await store.list(LEDGER_NO)).at(-1)?.to ?? 0;
        await putSegment(store, records, from, to);
      }
    },
  };
}

/** Puts the segment of these records into the store, in place of those within. */
export async function putSegment(
  store: MemorySegmentStore,
  records: readonly ContentRecord[],
  from: number,
  to: number,
): Promise<void> {
  const isPut = await store.put(LEDGER_NO, {
    from,
    to,
    pages: buildSegment(sha256, records.slice(from, to)),
  });
  if (!isPut) throw new RangeError(`A segment from ${from} to ${to} does not fit in`);
}

import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';
import { createBoundedCache } from './bounded-cache.ts';
import type { OpenedSegments } from './opened-segments.ts';
import { type Segment, SegmentGone } from './segment.ts';
import { type Tail, TAIL_RECORDS_MAX } from './tail.ts';
import type { TimeLimit } from './time-limit.ts';

/** A stretch of a ledger, and the segment that has it. */
export interface Part {
  /** Index of the first record that counts; the segment may begin before it. */
  readonly from: number;
  /** Index behind the last record that counts; the segment may end behind it. */
  readonly to: number;
  /** Errors: SegmentGone, and those of `SegmentStore.read`. */
  open(): Promise<Segment>;
}

/** What a question is answered from. */
export interface Snapshot {
  /** Ascending, from record 0 on without a gap. */
  readonly parts: readonly Part[];
  /** Index behind the last record it has. */
  readonly end: number;
  /** The store's segments among the parts. */
  readonly infos: readonly SegmentInfo[];
}

export interface Snapshots {
  /**
   * What there is of the first `size` records of a ledger. Errors: those of the store and of the source,
   * SegmentGone, INDEX_DAMAGED where the index cannot be used and there are too many records to do without.
   */
  take(ledgerNo: number, size: number, limit: TimeLimit): Promise<Snapshot>;
  /**
   * Finds out what an error means that was met while a snapshot was read, and returns where another one can
   * be taken: the index has changed, or has turned out to be unusable. Rejects with the error otherwise.
   */
  judge(ledgerNo: number, infos: readonly SegmentInfo[], error: unknown): Promise<void>;
}

export interface SnapshotOptions {
  readonly store: Pick<SegmentStore, 'list'>;
  readonly source: Pick<RecordSource, 'read'>;
  readonly opened: OpenedSegments;
  readonly tail: Tail;
  readonly tailRecordsMax?: number | undefined;
  /** Any clock that only goes forward, in ms. */
  readonly now: Clock;
  /** Told of an index that cannot be used, and again as long as somebody asks and nothing has changed. */
  readonly onDamage: (ledgerNo: number, reason: string) => void;
}

/** How long what was told of an index is left to whoever makes it anew: it may have got lost there. */
export const TELL_AGAIN_MS = 15_000;

/** Ledgers of which it is remembered that their index is theirs. */
const LEDGERS_MAX = 100_000;

/**
 * Takes snapshots of the store's segments and, behind them, of the records themselves. Segments that turned
 * out to be unusable are not used until some of them have been removed.
 */
export function createSnapshots(options: SnapshotOptions): Snapshots {
  const { store, source, opened, tail, tailRecordsMax = TAIL_RECORDS_MAX } = options;
  const unusable = createUnusable(options);
  const checked = createBoundedCache<number>(LEDGERS_MAX);

  const list = async (ledgerNo: number): Promise<readonly SegmentInfo[] | null> => {
    try {
      return await store.list(ledgerNo);
    } catch (error) {
      if (!isDamage(error)) throw error;
      unusable.add(ledgerNo, [], reasonOf(error));
      return null;
    }
  };
  const judge = async (ledgerNo: number, infos: readonly SegmentInfo[], error: unknown): Promise<void> => {
    if (isDamage(error) && infos.length > 0) return unusable.add(ledgerNo, infos, reasonOf(error));
    if (!(error instanceof SegmentGone)) throw error;
    const now = await list(ledgerNo);
    // Pages that are gone while their segments are there were lost.
    if (now !== null && hasAll(now, infos)) unusable.add(ledgerNo, infos, 'Pages of it are missing.');
  };
  /** What is wrong with the index as a whole; `null` if nothing is. */
  const findFault = async (ledgerNo: number, infos: readonly SegmentInfo[]): Promise<string | null> => {
    if (!areRow(infos)) return 'Its segments do not follow each other.';
    const last = infos.at(-1);
    const key = String(ledgerNo);
    if (last === undefined || checked.get(key) === last.id) return null;
    const segment = await opened.open(ledgerNo, last);
    // The list was read before: the ledger has all that the index was made of.
    const [record] = await source.read(ledgerNo, last.to - 1, last.to);
    if (record?.leafHash !== segment.leafHashOfLast) return 'It was made of another ledger.';
    checked.set(key, last.id, 1);
    return null;
  };
  /** The store's segments; `null` where they cannot be used. */
  const findUsable = async (ledgerNo: number): Promise<readonly SegmentInfo[] | null> => {
    const infos = await list(ledgerNo);
    if (infos === null || unusable.has(ledgerNo, infos)) return null;
    try {
      const fault = await findFault(ledgerNo, infos);
      if (fault === null) return infos;
      unusable.add(ledgerNo, infos, fault);
    } catch (error) {
      await judge(ledgerNo, infos, error);
      if (!unusable.has(ledgerNo, infos)) throw error;
    }
    return null;
  };

  return {
    judge,
    async take(ledgerNo, size, limit) {
      const usable = await findUsable(ledgerNo);
      limit.checkTime();
      const infos = (usable ?? []).filter(({ from }) => from < size);
      const indexed = Math.min(infos.at(-1)?.to ?? 0, size);
      const isShort = size - indexed <= tailRecordsMax;
      const segments = isShort ? await tail.read(ledgerNo, indexed, size, limit) : [];
      const parts = [
        ...infos.map((info) => partOf(info, 0, size, () => opened.open(ledgerNo, info))),
        ...segments.map((segment) => partOf(segment, indexed, size, () => Promise.resolve(segment))),
      ];
      const end = parts.at(-1)?.to ?? 0;
      if (usable === null && end < size) throw new AppError('INDEX_DAMAGED');
      return { parts, end, infos };
    },
  };
}

interface Fault {
  /** None where the list itself cannot be read. */
  readonly infos: readonly SegmentInfo[];
  readonly reason: string;
  toldAt: number;
}

/** Segments that are not to be used, by ledger. */
function createUnusable({ onDamage, now }: Pick<SnapshotOptions, 'onDamage' | 'now'>) {
  const all = new Map<number, Fault>();
  const tellAgain = (ledgerNo: number, fault: Fault): void => {
    if (now() - fault.toldAt < TELL_AGAIN_MS) return;
    fault.toldAt = now();
    onDamage(ledgerNo, fault.reason);
  };
  return {
    add(ledgerNo: number, infos: readonly SegmentInfo[], reason: string): void {
      const before = all.get(ledgerNo);
      if (before !== undefined) return tellAgain(ledgerNo, before);
      all.set(ledgerNo, { infos, reason, toldAt: now() });
      onDamage(ledgerNo, reason);
    },
    has(ledgerNo: number, infos: readonly SegmentInfo[]): boolean {
      const before = all.get(ledgerNo);
      if (before === undefined) return false;
      if (before.infos.length > 0 && hasAll(infos, before.infos)) {
        tellAgain(ledgerNo, before);
        return true;
      }
      all.delete(ledgerNo);
      return false;
    },
  };
}

function hasAll(infos: readonly SegmentInfo[], some: readonly SegmentInfo[]): boolean {
  const ids = new Set(infos.map(({ id }) => id));
  return some.every(({ id }) => ids.has(id));
}

function isDamage(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'INDEX_DAMAGED';
}

/** What is wrong, in the words of whoever found it. */
function reasonOf({ message, cause }: AppError): string {
  return cause instanceof Error ? cause.message : message;
}

function areRow(infos: readonly SegmentInfo[]): boolean {
  return infos.every(({ from, to }, order) => from === (infos[order - 1]?.to ?? 0) && to > from);
}

function partOf(
  range: { readonly from: number; readonly to: number },
  from: number,
  to: number,
  open: () => Promise<Segment>,
): Part {
  return { from: Math.max(range.from, from), to: Math.min(range.to, to), open };
}

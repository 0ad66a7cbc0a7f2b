import type { NewSegment, PageAddress, SegmentInfo, SegmentStore } from '#server/ports/segment-store.ts';
import {
  type IndexFile,
  indexTranslated,
  inodeOf,
  isIndexDamage,
  makeIndex,
  type OpenIndex,
  openIndexForReading,
  openIndexForWriting,
  rewriteIndex,
} from './index-file.ts';
import type { SqliteDatabase } from './open.ts';

/** What the searching side uses of the index. */
export interface SqliteSegmentReader extends Pick<SegmentStore, 'list' | 'read'> {
  close(): void;
}

/** The index for whoever fills it. */
export interface SqliteSegmentStore extends SegmentStore {
  /** Deletes the file and makes an empty one. Errors: STORAGE_UNAVAILABLE. */
  reset(): Promise<void>;
  /**
   * Writes what there is into a new file, so that nothing is left of what was removed. It takes the time and
   * the room of a copy. Errors: STORAGE_UNAVAILABLE, INDEX_DAMAGED.
   */
  scrub(): Promise<void>;
  /** What a ledger's segments hold. Errors: as all. */
  measure(ledgerNo: number): Promise<{ readonly records: number; readonly bytes: number }>;
  close(): void;
}

export interface SqliteSegmentStoreOptions extends IndexFile {
  /** Told why a new file was made, after it was; not of `reset`. */
  readonly onMade: (reason: string) => void;
}

/** Pages of a segment are numbered through below this. */
const PAGES_MAX = 2 ** 20;
/** Most pages that one transaction removes, unless a single segment has more: about 32 MiB. */
const REMOVED_PAGES_MAX = 4096;
/** Free pages of the file below which none are given back, and how many are at a time: 32 MiB. */
const FREE_PAGES_KEPT = 1024;

interface SegmentRow extends SegmentInfo {
  readonly pages: number;
}

/**
 * The index on SQLite, in a file of its own that one process fills. It is opened at first use, so that a disk
 * that is full or read-only then is an outage like any other; and made anew when somebody deletes it
 * meanwhile.
 */
export function openSegmentStore({ onMade, ...index }: SqliteSegmentStoreOptions): SqliteSegmentStore {
  let open: (OpenIndex & { readonly statements: Statements }) | null = null;
  const close = (): void => {
    open?.db.close();
    open = null;
  };
  const use = <T>(run: (statements: Statements, db: SqliteDatabase) => T): T =>
    indexTranslated(() => {
      // Commits to a deleted file succeed, and nobody ever reads them.
      if (open !== null && inodeOf(index.file) !== open.inode) close();
      if (open === null) {
        const opened = openIndexForWriting(index, onMade);
        open = { ...opened, statements: prepareStatements(opened.db) };
      }
      return run(open.statements, open.db);
    });
  return {
    async list(ledgerNo) {
      return use(({ list }) => list.all(ledgerNo).map(toInfo));
    },
    async read(_ledgerNo, addresses) {
      return use((statements) => readPages(statements, addresses));
    },
    async put(ledgerNo, segment) {
      return use((statements, db) => {
        // Crash before this commits: the index is as it was. After it: the segment is there, whole. A power
        // cut may take the last commits away again, each of them whole.
        const isPut = db.transaction(() => replace(statements, ledgerNo, segment)).immediate();
        giveBack(db, 1);
        return isPut;
      });
    },
    async removeFrom(ledgerNo, from) {
      use((statements, db) => {
        // Crash in between: fewer segments are left, in a row without a gap, and the rest goes with the next
        // call or is made anew on top of them.
        const removeSome = db.transaction(() => removeLast(statements, ledgerNo, from));
        while (removeSome.immediate());
        giveBack(db, Number.POSITIVE_INFINITY);
      });
    },
    async reset() {
      close();
      makeIndex(index);
    },
    async scrub() {
      close();
      rewriteIndex(index);
    },
    async measure(ledgerNo) {
      return use(({ measure }) => measure.get(ledgerNo) ?? { records: 0, bytes: 0 });
    },
    close,
  };
}

/**
 * The index for reading, while another thread or process fills it: it follows when the file is made anew.
 * Where there is none, nothing is indexed.
 */
export function openSegmentReader(index: IndexFile): SqliteSegmentReader {
  let open: (OpenIndex & { readonly statements: ReadStatements }) | null = null;
  const close = (): void => {
    open?.db.close();
    open = null;
  };
  const connected = (): ReadStatements | null => {
    if (open !== null && inodeOf(index.file) !== open.inode) close();
    if (open === null) {
      const opened = openIndexForReading(index);
      if (opened === null) return null;
      open = { ...opened, statements: prepareReads(opened.db) };
    }
    return open.statements;
  };
  const use = <T>(run: (statements: ReadStatements) => T, absent: T): T => {
    try {
      return indexTranslated(() => {
        const statements = connected();
        return statements === null ? absent : run(statements);
      });
    } catch (error) {
      // Some systems let nobody replace a file that is open here.
      if (isIndexDamage(error)) close();
      throw error;
    }
  };
  return {
    async list(ledgerNo) {
      return use(({ list }) => list.all(ledgerNo).map(toInfo), []);
    },
    async read(_ledgerNo, addresses) {
      const absent = addresses.map(() => null);
      return use((statements) => readPages(statements, addresses), absent);
    },
    close,
  };
}

function prepareReads(db: SqliteDatabase) {
  return {
    list: db.prepare<[number], SegmentRow>(
      `SELECT id, from_idx AS "from", to_idx AS "to", page_count AS pages FROM segment
       WHERE ledger_no = ? ORDER BY from_idx`,
    ),
    page: db.prepare<[number], Buffer>('SELECT bytes FROM page WHERE key = ?').pluck(),
  };
}

type ReadStatements = ReturnType<typeof prepareReads>;

function prepareStatements(db: SqliteDatabase) {
  return {
    ...prepareReads(db),
    measure: db.prepare<[number], { records: number; bytes: number }>(
      `SELECT coalesce(sum(to_idx - from_idx), 0) AS records, coalesce(sum(byte_count), 0) AS bytes
       FROM segment WHERE ledger_no = ?`,
    ),
    insertSegment: db.prepare(
      `INSERT INTO segment (ledger_no, from_idx, to_idx, page_count, byte_count) VALUES (?, ?, ?, ?, ?)`,
    ),
    insertPage: db.prepare('INSERT INTO page (key, bytes) VALUES (?, ?)'),
    deleteSegment: db.prepare('DELETE FROM segment WHERE id = ?'),
    deletePages: db.prepare('DELETE FROM page WHERE key >= ? AND key < ?'),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function toInfo({ id, from, to }: SegmentRow): SegmentInfo {
  return { id, from, to };
}

function readPages({ page }: ReadStatements, addresses: readonly PageAddress[]): (Uint8Array | null)[] {
  return addresses.map((address) => page.get(address.segment * PAGES_MAX + address.page) ?? null);
}

function replace(statements: Statements, ledgerNo: number, { from, to, pages }: NewSegment): boolean {
  const segments = statements.list.all(ledgerNo);
  const within = segments.filter((one) => one.from >= from && one.to <= to);
  const hasPredecessor = from === 0 || segments.some((one) => one.to === from);
  const overlapsInPart = segments.some((one) => one.from < to && one.to > from && !within.includes(one));
  if (!hasPredecessor || overlapsInPart) return false;
  for (const { id } of within) removeSegment(statements, id);
  const bytes = pages.reduce((sum, { length }) => sum + length, 0);
  const { lastInsertRowid } = statements.insertSegment.run(ledgerNo, from, to, pages.length, bytes);
  const firstKey = Number(lastInsertRowid) * PAGES_MAX;
  for (const [number, page] of pages.entries()) statements.insertPage.run(firstKey + number, page);
  return true;
}

/** Removes some of the last segments that end behind `from`; gives whether there may be more. */
function removeLast(statements: Statements, ledgerNo: number, from: number): boolean {
  let pages = 0;
  for (const one of statements.list.all(ledgerNo).toReversed()) {
    if (one.to <= from) return false;
    if (pages > 0 && pages + one.pages > REMOVED_PAGES_MAX) return true;
    removeSegment(statements, one.id);
    pages += one.pages;
  }
  return false;
}

function removeSegment({ deletePages, deleteSegment }: Statements, id: number): void {
  deletePages.run(id * PAGES_MAX, (id + 1) * PAGES_MAX);
  deleteSegment.run(id);
}

/**
 * Makes the file shorter where more than a quarter of it is free, so that it does not stay as it was at most.
 */
function giveBack(db: SqliteDatabase, roundsMax: number): void {
  const count = (what: string): number => Number(db.pragma(what, { simple: true }));
  for (let round = 0; round < roundsMax; round++) {
    if (count('freelist_count') <= Math.max(FREE_PAGES_KEPT, count('page_count') / 4)) return;
    db.pragma(`incremental_vacuum(${FREE_PAGES_KEPT})`);
  }
}

import { ApiError, toApiError } from '#ui/graphql/api-error.ts';

/** A page of rows, as the appliance gives it. */
export interface RowPage<Row> {
  readonly rows: readonly Row[];
  readonly totalCount: number;
  /** Index of the last record that the answer covers. */
  readonly indexedThrough: number;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

/** Which page is asked for: as the API's arguments, and up to which index. */
export interface RowPageRequest {
  readonly first?: number;
  readonly after?: string;
  readonly last?: number;
  readonly before?: string;
  readonly skip?: number;
  /** Covers records below this index only; `null` before the first answer. */
  readonly indexTo: number | null;
}

export interface RowSourceOptions<Row> {
  /** Asks the appliance; what it throws is shown. */
  readonly fetchPage: (request: RowPageRequest, signal: AbortSignal) => Promise<RowPage<Row>>;
  /** Runs something after some ms, unless what it gives is called before. */
  readonly schedule: (ms: number, run: () => void) => () => void;
}

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

export const PAGE_ROWS = 100;
/** Pages that are kept; the ones looked at last stay. */
export const PAGES_MAX = 60;
/** Requests at the same time. */
export const REQUESTS_MAX = 2;
/** Least time between requests for pages that are far from what is there: the bar may be dragged. */
export const JUMP_SPACING_MS = 80;
/** Rows beyond those that are seen which are asked for, too. */
const AHEAD_ROWS = 60;

/**
 * The rows of one question by their place, from 0 to `total`. It asks for the pages that are looked at, keeps
 * a bounded number of them, and gives up requests for what was scrolled past.
 *
 * All pages are of the same records: the first answer says how far it reaches, and the others ask for no
 * more. Should the total change nevertheless, everything is asked for anew.
 */
export class RowSource<Row> {
  private readonly pages = new Map<number, Page<Row>>();
  private readonly loading = new Map<number, AbortController>();
  private readonly failed = new Map<number, ApiError>();
  private readonly listeners = new Set<() => void>();
  private wanted: readonly number[] = [0];
  private count: number | null = null;
  private through: number | null = null;
  private changes = 0;
  private endSpacing: (() => void) | null = null;
  private readonly options: RowSourceOptions<Row>;

  constructor(options: RowSourceOptions<Row>) {
    this.options = options;
  }

  /** How many rows there are; `null` until that is known. */
  get total(): number | null {
    return this.count;
  }

  /** Index of the last record that is covered; `null` until that is known. */
  get indexedThrough(): number | null {
    return this.through;
  }

  /** Why rows that are looked at are not there; `null` where nothing failed. */
  get error(): ApiError | null {
    const failed = this.looked.find((page) => this.failed.has(page));
    return failed === undefined ? null : (this.failed.get(failed) ?? null);
  }

  /** Another number whenever something changed. */
  readonly version = (): number => this.changes;

  /** Tells of every change. Gives what ends it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** The row at a place; `undefined` while it is not there. */
  rowAt(place: number): Row | undefined {
    return this.pages.get(Math.floor(place / PAGE_ROWS))?.rows[place % PAGE_ROWS];
  }

  /** Whether the page with this place could not be had. */
  hasFailedAt(place: number): boolean {
    return this.failed.has(Math.floor(place / PAGE_ROWS));
  }

  /** All rows that are there, by place. */
  *loaded(): Generator<readonly [place: number, row: Row]> {
    for (const page of [...this.pages.keys()].toSorted((one, other) => one - other)) {
      for (const [at, row] of (this.pages.get(page)?.rows ?? []).entries())
        yield [page * PAGE_ROWS + at, row];
    }
  }

  /** Says which places are looked at, `to` excluded; begins to ask for what is missing. */
  want(from: number, to: number): void {
    const first = Math.floor(Math.max(0, from) / PAGE_ROWS);
    const last = Math.floor(Math.max(0, to - 1) / PAGE_ROWS);
    const end = Math.ceil((this.count ?? 1) / PAGE_ROWS);
    const wanted = pagesBetween(first, last);
    const ahead = [Math.floor((to + AHEAD_ROWS) / PAGE_ROWS), Math.floor((from - AHEAD_ROWS) / PAGE_ROWS)];
    for (const page of ahead) if (page >= 0 && page < end && !wanted.includes(page)) wanted.push(page);
    this.wanted = wanted;
    for (const [page, request] of this.loading) {
      if (wanted.includes(page) || this.count === null) continue;
      this.loading.delete(page);
      request.abort();
    }
    this.load();
  }

  /** Asks again for what failed. */
  retry(): void {
    this.failed.clear();
    this.changed();
    this.load();
  }

  /** Gives all requests up, until places are looked at again. */
  stop(): void {
    this.endSpacing?.();
    this.endSpacing = null;
    this.abortAll();
  }

  /** The pages that are looked at and can be there: before the first answer nobody knows more than one. */
  private get looked(): readonly number[] {
    const { count, wanted } = this;
    return count === null ? [0] : wanted.filter((page) => page === 0 || page * PAGE_ROWS < count);
  }

  private load(): void {
    for (const page of this.looked) {
      if (this.loading.size >= REQUESTS_MAX) return;
      const isKnown = this.pages.has(page) || this.loading.has(page) || this.failed.has(page);
      if (isKnown) this.touch(page);
      else if (this.mayAsk(page)) void this.ask(page, this.requestFor(page));
    }
  }

  /** Pages beside those that are there are asked for at once; others not more often than the spacing. */
  private mayAsk(page: number): boolean {
    if (this.count === null || this.pages.has(page - 1) || this.pages.has(page + 1)) return true;
    if (this.endSpacing !== null) return false;
    this.endSpacing = this.options.schedule(JUMP_SPACING_MS, () => {
      this.endSpacing = null;
      this.load();
    });
    return true;
  }

  private requestFor(page: number): RowPageRequest {
    const indexTo = this.through === null ? null : this.through + 1;
    const after = this.pages.get(page - 1)?.endCursor ?? null;
    if (after !== null) return { first: PAGE_ROWS, after, indexTo };
    const before = this.pages.get(page + 1)?.startCursor ?? null;
    if (before !== null) return { last: PAGE_ROWS, before, indexTo };
    if (page === 0) return { first: PAGE_ROWS, indexTo };
    const rest = (this.count ?? 0) - page * PAGE_ROWS;
    if (rest <= PAGE_ROWS) return { last: rest, indexTo };
    return { first: PAGE_ROWS, skip: page * PAGE_ROWS, indexTo };
  }

  private async ask(page: number, request: RowPageRequest): Promise<void> {
    const ended = new AbortController();
    this.loading.set(page, ended);
    try {
      const answer = await this.options.fetchPage(request, ended.signal);
      if (!ended.signal.aborted) this.take(page, answer);
    } catch (error) {
      if (!ended.signal.aborted) this.failed.set(page, toApiError(error));
    }
    if (ended.signal.aborted) return;
    this.loading.delete(page);
    this.changed();
    this.load();
  }

  private take(page: number, { totalCount, indexedThrough, ...answer }: RowPage<Row>): void {
    if (this.count !== null && this.count !== totalCount) {
      // Places are other ones now: what was there stands elsewhere, and so does this page.
      this.restart();
      return;
    }
    this.count = totalCount;
    this.through ??= indexedThrough;
    const expected = Math.max(0, Math.min(PAGE_ROWS, totalCount - page * PAGE_ROWS));
    if (answer.rows.length !== expected) {
      throw new ApiError('UNKNOWN', `The appliance gave ${answer.rows.length} of ${expected} rows.`);
    }
    this.pages.set(page, answer);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= PAGES_MAX) break;
      if (!this.wanted.includes(old)) this.pages.delete(old);
    }
  }

  private restart(): void {
    this.abortAll();
    this.pages.clear();
    this.failed.clear();
    this.count = null;
    this.through = null;
    this.changed();
    this.load();
  }

  /** A map gives its members in the order they were put in: the one used last goes last. */
  private touch(page: number): void {
    const found = this.pages.get(page);
    if (found === undefined) return;
    this.pages.delete(page);
    this.pages.set(page, found);
  }

  private abortAll(): void {
    for (const request of this.loading.values()) request.abort();
    this.loading.clear();
  }

  private changed(): void {
    this.changes += 1;
    for (const listener of this.listeners) listener();
  }
}

function pagesBetween(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

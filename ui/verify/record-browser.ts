import { button, element } from '#ui/parts/element.ts';
import { visibleString, visibleText } from '#ui/parts/visible-text.ts';
import { countText } from './count-text.ts';
import { recordParts } from './record-parts.ts';
import { recordText } from './record-text.ts';
import type { CheckedRecord, RecordWindow } from './record-window.ts';

/** The records of a file to be read, a page at a time. */
export interface RecordBrowser {
  readonly root: HTMLElement;
  /** Shows the page with the record at this place of the file, or the nearest that is kept. */
  show(records: RecordWindow, place: number): void;
  /** Opens the record with this index, if it is among those that are kept. */
  open(index: number): void;
  clear(): void;
}

const PAGE_RECORDS = 100;
const EMPTY: RecordWindow = { from: 0, records: [], total: 0, broken: [] };
const COLUMNS = ['Index', 'Recorded', 'Actor', 'Action', 'Target', 'Status'] as const;

/** Reads the file once more, keeps the records from a place on, and shows the one at another. */
type ReadFrom = (keepFrom: number, showFrom: number) => void;

export function createRecordBrowser(readFrom: ReadFrom): RecordBrowser {
  return new Browser(readFrom);
}

class Browser implements RecordBrowser {
  readonly root = element('section', { class: 'browser', 'aria-labelledby': 'records-title', hidden: true });
  private readonly readFrom: ReadFrom;
  private readonly title = element('h2', { id: 'records-title' });
  private readonly span = element('span', { class: 'note', role: 'status' });
  private readonly body = element('tbody', { role: 'rowgroup' });
  private readonly detail = element('aside', {
    class: 'detail',
    'aria-labelledby': 'detail-title',
    hidden: true,
  });
  private readonly back = button('Previous', () => this.turn(-1), { title: 'p' });
  private readonly next = button('Next', () => this.turn(1), { title: 'n' });
  private window = EMPTY;
  private page = 0;
  private rows: HTMLTableRowElement[] = [];

  constructor(readFrom: ReadFrom) {
    this.readFrom = readFrom;
    const heads = COLUMNS.map((name) =>
      element('th', { role: 'columnheader', scope: 'col', class: columnClass(name) }, name),
    );
    const table = element(
      'table',
      { class: 'records', role: 'grid', 'aria-labelledby': 'records-title' },
      element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...heads)),
      this.body,
    );
    const pager = element('div', { class: 'pager' }, this.title, this.span, this.back, this.next);
    this.root.append(
      pager,
      element('div', { class: 'columns' }, element('div', { class: 'scroller' }, table), this.detail),
    );
    this.root.addEventListener('keydown', (event) => this.key(event));
    this.body.addEventListener('click', (event) => {
      const at = this.rows.findIndex((row) => event.target instanceof Node && row.contains(event.target));
      // Text that is being selected is not a click on the row.
      if (at !== -1 && document.getSelection()?.isCollapsed !== false) this.select(at, true);
    });
  }

  show(records: RecordWindow, place: number): void {
    this.window = records;
    const last = Math.max(0, Math.ceil(records.records.length / PAGE_RECORDS) - 1);
    this.page = Math.min(Math.floor((place - records.from) / PAGE_RECORDS), last);
    this.root.hidden = records.total === 0;
    this.draw();
    if (place > 0) this.rows[0]?.focus();
  }

  clear(): void {
    this.show(EMPTY, 0);
  }

  open(index: number): void {
    const { records, broken } = this.window;
    const isIt = ({ entry }: CheckedRecord): boolean => entry?.index === index;
    // The broken one first: an index that is there twice is a break of the second.
    const found = broken.find(isIt) ?? records.find(isIt);
    const at = found === undefined ? -1 : records.indexOf(found);
    if (at !== -1) {
      this.page = Math.floor(at / PAGE_RECORDS);
      this.draw();
      this.select(at % PAGE_RECORDS, true);
    } else this.showDetail(found ?? null, index);
  }

  private draw(): void {
    const { from, records, total } = this.window;
    const start = this.page * PAGE_RECORDS;
    const shown = records.slice(start, start + PAGE_RECORDS);
    this.title.textContent = countText(total, 'record');
    this.span.textContent = `${from + start + 1} to ${from + start + shown.length}`;
    this.back.disabled = from + start === 0;
    this.next.disabled = from + start + shown.length >= total;
    this.rows = shown.map(makeRow);
    this.rows[0]?.setAttribute('tabindex', '0');
    this.body.replaceChildren(...this.rows);
    this.detail.hidden = true;
  }

  /** Turns the page; beyond what is kept the file is read once more, and verified once more. */
  private turn(by: number): void {
    const { from, records, total } = this.window;
    const start = (this.page + by) * PAGE_RECORDS;
    if (from + start >= total || from + start < 0) return;
    if (start < 0) this.readFrom(Math.max(0, from - BACK_RECORDS), from + start);
    else if (start >= records.length) this.readFrom(from + records.length, from + records.length);
    else {
      this.page += by;
      this.draw();
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.rows.findIndex((row) => row === document.activeElement);
    const acts: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.select(at + 1, !this.detail.hidden),
      j: () => this.select(at + 1, !this.detail.hidden),
      ArrowUp: () => this.select(at - 1, !this.detail.hidden),
      k: () => this.select(at - 1, !this.detail.hidden),
      Enter: () => this.select(at, true),
      Escape: () => this.closeDetail(),
      n: () => this.turn(1),
      p: () => this.turn(-1),
    };
    const act = acts[event.key];
    // Only Escape and the pages act everywhere; the rest belongs to the row that has the focus.
    if (!act || (at === -1 && !['Escape', 'n', 'p'].includes(event.key))) return;
    event.preventDefault();
    act();
    if (event.key === 'n' || event.key === 'p') this.rows[0]?.focus();
  }

  private select(at: number, opens: boolean): void {
    const row = this.rows[at];
    const checked = this.window.records[this.page * PAGE_RECORDS + at];
    if (!row || !checked) return;
    this.unselect();
    row.setAttribute('aria-selected', 'true');
    for (const other of this.rows) other.tabIndex = other === row ? 0 : -1;
    if (opens) this.showDetail(checked, checked.entry?.index ?? null);
    row.focus();
  }

  private unselect(): void {
    for (const other of this.rows) other.setAttribute('aria-selected', 'false');
  }

  private closeDetail(): void {
    this.detail.hidden = true;
    this.rows.find((row) => row.tabIndex === 0)?.focus();
  }

  private showDetail(checked: CheckedRecord | null, index: number | null): void {
    const head = element(
      'header',
      {},
      element('h3', { id: 'detail-title' }, index === null ? 'A record without an index' : `Record ${index}`),
      button('Close', () => this.closeDetail(), { title: 'Esc' }),
    );
    const content =
      checked === null
        ? [element('p', { class: 'note' }, 'It is not among the records that are kept to be read.')]
        : recordParts(checked);
    this.detail.replaceChildren(
      head,
      element(
        'div',
        { class: 'content', tabindex: 0, role: 'region', 'aria-labelledby': 'detail-title' },
        ...content,
      ),
    );
    this.detail.hidden = false;
    if (checked === null || !this.window.records.includes(checked)) this.unselect();
  }
}

/** Going back beyond what is kept: whole pages, so that they are cut as before. */
const BACK_RECORDS = 10 * PAGE_RECORDS;

/** The style of the desk's table calls it by what it is. */
function columnClass(name: (typeof COLUMNS)[number]): string {
  return name === 'Recorded' ? 'time' : name.toLowerCase();
}

function makeRow(checked: CheckedRecord): HTMLTableRowElement {
  const { index, recordedAt, action, status, actor, target, isBroken } = recordText(checked);
  const cell = (name: string, value: string): HTMLElement =>
    element(
      'td',
      { role: 'gridcell', class: name, title: visibleString(value) },
      element('bdi', {}, visibleText(value)),
    );
  const row = element(
    'tr',
    { role: 'row', tabindex: -1, 'aria-selected': 'false', class: isBroken ? 'broken' : null },
    element('td', { role: 'gridcell', class: 'index' }, index),
    element('td', { role: 'gridcell', class: 'time' }, recordedAt),
    cell('actor', actor),
    cell('action', action),
    cell('target', target),
    isBroken
      ? element('td', { role: 'gridcell', class: 'status failure' }, 'BROKEN')
      : element(
          'td',
          { role: 'gridcell', class: `status${status === 'failure' ? ' failure' : ''}` },
          visibleText(status),
        ),
  );
  return row;
}

import { type Attributes, element } from './element.ts';
import type { Party, RecordRow } from './records.ts';
import { timeText, type Zone } from './time-text.ts';
import { visibleString, visibleText } from './visible-text.ts';

/** The newest records as a grid. One row can be reached by Tab; keys move between rows. */
export interface RecordTable {
  readonly root: HTMLElement;
  /** Shows these rows, newest first. A row that stays keeps its element, its focus and its selection. */
  show(rows: readonly RecordRow[], zone: Zone): void;
  /** Selects the row so many places below (negative: above) the selected one, and gives its index. */
  move(by: number): number | null;
  /** Index of the selected record, shown or not; `null` for none. */
  readonly selected: number | null;
  /** Puts the focus back on the selected row, if it is shown. */
  focus(): void;
}

const COLUMNS = ['Index', 'Time', 'Actor', 'Action', 'Target', 'Status'] as const;

export function createRecordTable(onOpen: (index: number) => void): RecordTable {
  return new Grid(onOpen);
}

class Grid implements RecordTable {
  readonly root: HTMLElement;
  private readonly body = element('tbody', { role: 'rowgroup' });
  private readonly shown = new Map<number, HTMLTableRowElement>();
  private order: readonly number[] = [];
  private chosen: number | null = null;
  private zone: Zone | null = null;

  constructor(onOpen: (index: number) => void) {
    const heads = COLUMNS.map((name) =>
      element('th', { role: 'columnheader', scope: 'col', class: name.toLowerCase() }, name),
    );
    this.root = element(
      'table',
      { role: 'grid', 'aria-label': 'Newest records, newest first', class: 'records' },
      element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...heads)),
      this.body,
    );
    this.body.addEventListener('click', (event) => {
      const index = indexOf(event.target);
      // Text that is being selected is not a click on the row.
      if (index === null || document.getSelection()?.isCollapsed === false) return;
      this.select(index);
      this.focus();
      onOpen(index);
    });
    this.body.addEventListener('focusin', (event) => {
      const index = indexOf(event.target);
      if (index !== null && index !== this.chosen) this.select(index);
    });
  }

  get selected(): number | null {
    return this.chosen;
  }

  show(rows: readonly RecordRow[], zone: Zone): void {
    if (zone !== this.zone) removeOthers(this.shown, new Set());
    this.zone = zone;
    this.order = rows.map(({ index }) => index);
    removeOthers(this.shown, new Set(this.order));
    let next: Element | null = this.body.firstElementChild;
    for (const row of rows) {
      const known = this.shown.get(row.index);
      const line = known ?? makeRow(row, zone, row.index === this.chosen);
      if (!known) this.shown.set(row.index, line);
      if (line === next) next = line.nextElementSibling;
      else this.body.insertBefore(line, next);
    }
    this.root.setAttribute('aria-rowcount', String(rows.length + 1));
    this.setTabStop();
  }

  move(by: number): number | null {
    const to = this.order[this.placeAfter(by)];
    if (to === undefined) return null;
    this.select(to);
    this.focus();
    return to;
  }

  focus(): void {
    if (this.chosen !== null) this.shown.get(this.chosen)?.focus();
  }

  /** A row that is not shown any more counts as the nearest older one. With none selected it is the first. */
  private placeAfter(by: number): number {
    const { chosen, order } = this;
    if (chosen === null) return 0;
    const at = order.findIndex((index) => index <= chosen);
    return Math.min(Math.max((at === -1 ? order.length - 1 : at) + by, 0), order.length - 1);
  }

  private select(index: number): void {
    if (this.chosen !== null) this.shown.get(this.chosen)?.setAttribute('aria-selected', 'false');
    this.chosen = index;
    this.shown.get(index)?.setAttribute('aria-selected', 'true');
    this.setTabStop();
  }

  /** Exactly one row takes part in Tab: the selected one, else the first. */
  private setTabStop(): void {
    const { chosen, shown, order } = this;
    const stop = chosen !== null && shown.has(chosen) ? chosen : order[0];
    for (const [index, row] of shown) row.tabIndex = index === stop ? 0 : -1;
  }
}

function removeOthers(shown: Map<number, HTMLTableRowElement>, kept: ReadonlySet<number>): void {
  for (const [index, row] of shown) {
    if (kept.has(index)) continue;
    row.remove();
    shown.delete(index);
  }
}

function indexOf(target: EventTarget | null): number | null {
  const row = target instanceof Element ? target.closest('tr') : null;
  return row?.dataset['index'] === undefined ? null : Number(row.dataset['index']);
}

function makeRow(row: RecordRow, zone: Zone, isSelected: boolean): HTMLTableRowElement {
  return element(
    'tr',
    { role: 'row', 'data-index': row.index, 'aria-selected': String(isSelected), tabindex: -1 },
    cell({ class: 'index' }, String(row.index)),
    timeCell(row, zone),
    partyCell(row.actor, 'actor'),
    textCell(row.action, 'action'),
    partyCell(row.target, 'target'),
    cell({ class: `status ${row.status.toLowerCase()}` }, row.status.toLowerCase()),
  );
}

/** Its role is given: a page that lays the rows out in two lines would take a cell's own role away. */
function cell(attributes: Attributes, ...children: readonly (Node | string)[]): HTMLTableCellElement {
  return element('td', { role: 'gridcell', ...attributes }, ...children);
}

/** The fraction stands apart: where the table is narrow it gives way to what happened. */
function timeCell(row: RecordRow, zone: Zone): HTMLTableCellElement {
  const occurred = timeText(row.occurredAt, zone);
  const title = `occurred ${occurred}, recorded ${timeText(row.recordedAt, zone)}`;
  const [, before, fraction, after] = /^(.*:\d\d)(\.\d+)(.*)$/.exec(occurred) ?? [];
  if (before === undefined) return cell({ class: 'time', title }, visibleText(occurred));
  const seconds = element('span', { class: 'fraction' }, fraction ?? '');
  return cell({ class: 'time', title }, before, seconds, after ?? '');
}

function textCell(text: string, name: string): HTMLTableCellElement {
  return cell({ class: name, title: visibleString(text) }, element('bdi', {}, visibleText(text)));
}

/** The name, or the id where there is no name; the type beside it. */
function partyCell(party: Party | null, name: string): HTMLTableCellElement {
  const shown = party?.name ?? party?.id ?? party?.type ?? null;
  if (party === null || shown === null) return cell({ class: name }, '');
  const title = [party.type, party.id, party.name]
    .filter((part) => part !== null)
    .map(visibleString)
    .join(' · ');
  const made = cell({ class: name, title }, element('bdi', {}, visibleText(shown)));
  if (party.type !== null && party.type !== shown) {
    made.append(' ', element('span', { class: 'kind' }, element('bdi', {}, visibleText(party.type))));
  }
  return made;
}

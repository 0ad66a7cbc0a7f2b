import { button, element } from '#ui/parts/element.ts';
import { visibleText } from '#ui/parts/visible-text.ts';
import { countText } from './count-text.ts';
import type { CheckOutcome, PackBreak } from '#server/ledger/pack/pack-outcome.ts';

/** Every break by index and kind. */
export interface BreakTable {
  readonly root: HTMLElement;
  show(outcome: CheckOutcome): void;
  clear(): void;
}

/** Rows that are shown; a file that is broken everywhere says no more with a thousand. */
const ROWS_MAX = 500;

export function createBreakTable(onOpen: (index: number) => void): BreakTable {
  const root = element('section', { class: 'breaks', hidden: true });
  return {
    root,
    show({ breaks, breakCount }) {
      root.hidden = breakCount === 0;
      const shown = breaks.slice(0, ROWS_MAX);
      const rest = breakCount - shown.length;
      root.replaceChildren(
        element('h2', { id: 'breaks-title' }, countText(breakCount, 'break')),
        element(
          'div',
          { class: 'scroller', tabindex: 0, role: 'region', 'aria-labelledby': 'breaks-title' },
          element('table', {}, heads(), element('tbody', {}, ...shown.map((found) => row(found, onOpen)))),
        ),
        ...(rest > 0 ? [element('p', { class: 'note' }, `${countText(rest, 'more break')} not shown.`)] : []),
      );
    },
    clear() {
      root.hidden = true;
      root.replaceChildren();
    },
  };
}

function heads(): HTMLElement {
  const head = (name: string) => element('th', { scope: 'col', class: name.toLowerCase() }, name);
  return element('thead', {}, element('tr', {}, head('Index'), head('Kind'), head('What')));
}

function row({ index, kind, message }: PackBreak, onOpen: (index: number) => void): HTMLElement {
  const place =
    index === null
      ? element('span', { class: 'note' }, 'whole')
      : button(String(index), () => onOpen(index), { 'aria-label': `Show record ${index}`, class: 'link' });
  return element(
    'tr',
    {},
    element('td', { class: 'index' }, place),
    element('td', { class: 'kind' }, element('code', {}, kind)),
    element('td', { class: 'what' }, element('bdi', {}, visibleText(message))),
  );
}

import { element } from '#ui/parts/element.ts';
import { visibleText } from '#ui/parts/visible-text.ts';
import { prettyJson } from './record-text.ts';
import type { CheckedRecord } from './record-window.ts';

/** A record to the letter: what is wrong with it, its sections, its entry. */
export function recordParts({ record, entry, breaks }: CheckedRecord): readonly Node[] {
  const committed = [...(entry?.sections.keys() ?? [])].toSorted((a, b) => rankOf(a) - rankOf(b));
  const others = [...record.sections.keys()].filter((name) => !committed.includes(name));
  return [
    ...(breaks.length === 0 ? [] : [problemList(breaks)]),
    ...[...committed, ...others].map((name) => sectionPart(name, { record, entry, breaks })),
    element(
      'section',
      {},
      element('h4', {}, 'entry'),
      exact(record.entry, 'Entry'),
      element('p', { class: 'note' }, pathText(record.proof?.length ?? 0)),
    ),
  ];
}

/** What happened first, then who, to what, and the rest; names that nobody knows come last. */
const ORDER = ['event', 'actor', 'target', 'context', 'changes', 'details'];

function rankOf(name: string): number {
  const rank = ORDER.indexOf(name);
  return rank === -1 ? ORDER.length : rank;
}

function problemList(breaks: CheckedRecord['breaks']): HTMLElement {
  return element(
    'ul',
    { class: 'problems' },
    ...breaks.map(({ kind, message }) =>
      element('li', {}, element('code', {}, kind), ' ', element('bdi', {}, visibleText(message))),
    ),
  );
}

function sectionPart(name: string, { record, entry }: CheckedRecord): HTMLElement {
  const shown = record.sections.get(name);
  const commitment = entry?.sections.get(name);
  const title = element('h4', {}, element('bdi', {}, visibleText(name)));
  if (shown === undefined) {
    const why = 'Erased or withheld: only the commitment is here.';
    return element(
      'section',
      {},
      title,
      element('p', { class: 'note' }, why),
      hash('commitment', commitment),
    );
  }
  return element(
    'section',
    {},
    title,
    exact(prettyJson(shown.json, name), `Section ${name}`),
    element(
      'details',
      {},
      element('summary', {}, 'As hashed'),
      exact(shown.json, `Exact text of section ${name}`),
      hash('salt', shown.salt),
      hash('commitment', commitment),
    ),
  );
}

function exact(text: string, label: string): HTMLElement {
  return element('pre', { tabindex: 0, role: 'region', 'aria-label': label }, ...lines(text));
}

/** Line breaks of the layout stay; everything else that cannot be seen stands as its code. */
function lines(text: string): readonly (Node | string)[] {
  return text.split('\n').flatMap((line, at) => (at === 0 ? [visibleText(line)] : ['\n', visibleText(line)]));
}

function hash(name: string, value: string | undefined): HTMLElement {
  return element('p', { class: 'note' }, `${name} `, element('code', {}, visibleText(value ?? 'none')));
}

function pathText(length: number): string {
  return `Its path to the root has ${length} ${length === 1 ? 'hash' : 'hashes'}.`;
}

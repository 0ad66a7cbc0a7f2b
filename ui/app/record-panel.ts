import { button, element } from './element.ts';
import type { Party, RecordDetail, Section } from './records.ts';
import { timeText, type Zone } from './time-text.ts';
import { visibleText } from './visible-text.ts';

/** What the panel shows: a record, or why there is none. */
export type PanelContent =
  | { readonly kind: 'LOADING'; readonly index: number }
  | { readonly kind: 'FAILED'; readonly index: number; readonly reason: string }
  | { readonly kind: 'RECORD'; readonly record: RecordDetail };

/** One record with its fields and the exact texts that its commitments are over. */
export interface RecordPanel {
  readonly root: HTMLElement;
  show(content: PanelContent, zone: Zone): void;
  /** Closes it; gives whether it was open. */
  close(): boolean;
  readonly isOpen: boolean;
}

export function createRecordPanel(onClose: () => void): RecordPanel {
  const title = element('h2', { id: 'record-title' });
  const content = element('div', { class: 'content' });
  const root = element(
    'aside',
    { class: 'record', 'aria-labelledby': 'record-title', hidden: true },
    element('header', {}, title, button('Close', onClose, { title: 'Esc' })),
    content,
  );
  return {
    root,
    get isOpen() {
      return !root.hidden;
    },
    show(shown, zone) {
      const index = shown.kind === 'RECORD' ? shown.record.index : shown.index;
      title.textContent = `Record ${index}`;
      root.hidden = false;
      if (shown.kind === 'LOADING') {
        // What is shown stays until the next is there, so that walking with j and k does not flicker.
        content.setAttribute('aria-busy', 'true');
        return;
      }
      content.removeAttribute('aria-busy');
      if (shown.kind === 'FAILED') content.replaceChildren(element('p', { class: 'problem' }, shown.reason));
      else content.replaceChildren(...recordParts(shown.record, zone));
      content.scrollTop = 0;
    },
    close() {
      const wasOpen = !root.hidden;
      root.hidden = true;
      return wasOpen;
    },
  };
}

function recordParts(record: RecordDetail, zone: Zone): Node[] {
  return [
    element('p', { class: 'sentence' }, ...sentence(record)),
    fields(record, zone),
    ...record.sections.map(sectionPart),
    element(
      'section',
      {},
      element('h3', {}, 'entry'),
      exactText(record.entry, 'the entry'),
      element('p', { class: 'commitment' }, 'leaf hash ', code(record.leafHash)),
    ),
  ];
}

/** What happened, as far as a sentence can say it. */
function sentence({ actor, action, target, status }: RecordDetail): Node[] {
  const strong = (text: string) => element('strong', {}, element('bdi', {}, visibleText(text)));
  const ended = status === 'FAILURE' ? ' failed with ' : status === 'ATTEMPT' ? ' attempted ' : ' did ';
  const parts: (Node | string)[] = [strong(nameOf(actor) ?? 'Somebody'), ended, strong(action)];
  const on = nameOf(target);
  if (on !== null) parts.push(' on ', strong(on));
  return [element('span', {}, ...parts, '.')];
}

function nameOf(party: Party | null): string | null {
  return party?.name ?? party?.id ?? party?.type ?? null;
}

const CONTEXT_LABELS: Readonly<Record<string, string>> = {
  ipAddress: 'IP address',
  sessionId: 'Session',
  requestId: 'Request',
  correlationId: 'Correlation',
  source: 'Source',
  userAgent: 'User agent',
  geolocation: 'Location',
};

function fields(record: RecordDetail, zone: Zone): HTMLElement {
  const text = (value: string) => element('bdi', {}, visibleText(value));
  const party = (value: Party | null) =>
    value === null ? [] : [[value.type, value.id, value.name].filter((part) => part !== null).join(' · ')];
  return element(
    'dl',
    { class: 'fields' },
    ...field('Occurred', timeText(record.occurredAt, zone)),
    ...field('Recorded', timeText(record.recordedAt, zone)),
    ...field(
      'Status',
      element('span', { class: `status ${record.status.toLowerCase()}` }, record.status.toLowerCase()),
    ),
    ...party(record.actor).flatMap((shown) => field('Actor', text(shown))),
    ...party(record.target).flatMap((shown) => field('Target', text(shown))),
    ...(record.description === null ? [] : field('Description', text(record.description))),
    ...(record.classification === null ? [] : field('Classification', record.classification)),
    ...record.context.flatMap(([name, value]) => field(CONTEXT_LABELS[name] ?? name, text(value))),
    ...field('Event id', code(record.eventId)),
  );
}

function field(name: string, value: Node | string): Node[] {
  return [element('dt', {}, name), element('dd', {}, value)];
}

function code(text: string): HTMLElement {
  return element('code', {}, visibleText(text));
}

function sectionPart(section: Section): HTMLElement {
  const { name, state, json, commitment } = section;
  return element(
    'section',
    { class: 'part' },
    element(
      'h3',
      {},
      element('span', {}, name),
      ...(state === 'PRESENT' ? [] : [element('span', { class: 'state' }, state.toLowerCase())]),
    ),
    json === null
      ? element(
          'p',
          { class: 'note' },
          'The content was lawfully erased. Its commitment stays and still verifies.',
        )
      : exactText(json, `section ${name}`),
    element('p', { class: 'commitment' }, 'commitment ', code(commitment)),
  );
}

/** A text to the letter, with a button that copies it. */
function exactText(text: string, name: string): HTMLElement {
  const shown = element(
    'pre',
    { tabindex: 0, 'aria-label': `Exact text of ${name}`, role: 'region' },
    visibleText(text),
  );
  return element('div', { class: 'exact' }, shown, copyButton(text, name));
}

/** Copies a text exactly, what cannot be seen included. */
export function copyButton(text: string, name: string): HTMLButtonElement {
  const made = button(
    'Copy',
    () => {
      navigator.clipboard.writeText(text).then(
        () => (made.textContent = 'Copied'),
        // The browser may refuse it, e.g. without HTTPS: the text can be selected by hand.
        () => (made.textContent = 'Select by hand'),
      );
    },
    { class: 'copy', 'aria-label': `Copy ${name}` },
  );
  return made;
}

import { type JsonValue, stringifyJson } from '#server/ledger/json.ts';
import type { Manifest } from '#server/ledger/pack/manifest.ts';
import type { CheckOutcome, WitnessOutcome } from '#server/ledger/pack/pack-outcome.ts';
import { element } from '#ui/parts/element.ts';
import { visibleText } from '#ui/parts/visible-text.ts';
import { countText } from './count-text.ts';
import type { Verdict } from './verify-file.ts';

/** What was checked, what the file merely claims, and what nobody checked. */
export interface FactList {
  readonly root: HTMLElement;
  show(verdict: Verdict): void;
  clear(): void;
}

type Fact = readonly [name: string, value: Node | string];

/** A text from the file is shown up to this length. */
const TEXT_LENGTH_MAX = 2_000;

export function createFactList(): FactList {
  const root = element('div', { class: 'facts', hidden: true });
  return {
    root,
    show({ outcome, manifest }) {
      root.hidden = false;
      root.replaceChildren(
        group(outcome.breakCount === 0 ? 'Checked' : 'Looked at', facts(checkedFacts(outcome))),
        ...(manifest === null
          ? []
          : [group('Claimed by the file, signed by nobody', facts(claims(manifest)))]),
        group(
          'Not checked',
          element('ul', {}, ...outcome.unchecked.map((sentence) => element('li', {}, text(sentence)))),
        ),
      );
    },
    clear() {
      root.hidden = true;
      root.replaceChildren();
    },
  };
}

function checkedFacts(outcome: CheckOutcome): readonly Fact[] {
  const { note, checked, firstIndex, lastIndex, disclosed, absent, links } = outcome;
  const checkpoint = note?.checkpoint ?? null;
  const span =
    firstIndex === null || lastIndex === null || checked < 2 ? '' : `, indexes ${firstIndex} to ${lastIndex}`;
  const only = checked === 1 && firstIndex !== null ? `, index ${firstIndex}` : '';
  return [
    ['Records', `${countText(checked, 'record')}${span}${only}`],
    ['Sections', `${disclosed.toLocaleString('en')} read, ${absent.toLocaleString('en')} erased or withheld`],
    ['Chain', `${countText(links, 'record')} compared with the one before`],
    ...(checkpoint === null
      ? []
      : ([
          ['Ledger', text(checkpoint.origin)],
          ['Size then', countText(checkpoint.size, 'record')],
          ['Root', code(checkpoint.root)],
        ] as const)),
    ['Key', signedWith(outcome)],
    ...(note?.witnesses ?? []).map((witness): Fact => ['Witness', text(witnessText(witness))]),
  ];
}

function signedWith({ note }: CheckOutcome): Node | string {
  const vkey = note?.vkey ?? null;
  return vkey === null ? 'no signature verified' : code(vkey);
}

const WITNESS_STATES: Readonly<Record<WitnessOutcome['state'], string>> = {
  COSIGNED: 'cosigned',
  INVALID: 'a cosignature that is not valid',
  ABSENT: 'did not cosign',
  UNKNOWN_ALGORITHM: 'has a line that this browser cannot verify',
};

function witnessText({ name, state, timestamp }: WitnessOutcome): string {
  const at = timestamp === null ? null : new Date(timestamp * 1000);
  const when = at === null || Number.isNaN(at.getTime()) ? '' : ` at ${at.toISOString()}`;
  return `${name}: ${WITNESS_STATES[state]}${when}`;
}

function claims({ ledger, vkey, createdAt, createdBy, query, count }: Manifest): readonly Fact[] {
  return [
    ['Ledger', text(ledger)],
    ['Key', code(vkey)],
    ['Made', text(createdAt)],
    ['By', text(createdBy)],
    ['Query', typeof query === 'string' ? text(query) : code(jsonText(query))],
    ['Count', countText(count, 'record')],
  ];
}

function jsonText(value: JsonValue): string {
  try {
    return stringifyJson(value);
  } catch {
    // A name twice or a number that overflows: nothing that an exporter writes, and signed by nobody.
    return 'it cannot be shown';
  }
}

function group(title: string, content: Node): HTMLElement {
  return element('section', {}, element('h2', {}, title), content);
}

function facts(list: readonly Fact[]): HTMLElement {
  const parts = list.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
  return element('dl', {}, ...parts);
}

function text(value: string): HTMLElement {
  return element('bdi', {}, visibleText(cut(value)));
}

function code(value: string): HTMLElement {
  return element('code', {}, visibleText(cut(value)));
}

function cut(value: string): string {
  return value.length > TEXT_LENGTH_MAX ? `${value.slice(0, TEXT_LENGTH_MAX)}…` : value;
}

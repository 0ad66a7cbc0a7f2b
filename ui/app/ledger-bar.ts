import { button, element } from './element.ts';
import type { LiveState } from './live.ts';
import type { LedgerState } from './records.ts';
import { timeText, type Zone, zoneText } from './time-text.ts';
import { visibleString } from './visible-text.ts';

/** What the bar is told. */
export interface BarState {
  readonly ledger: LedgerState | null;
  readonly live: LiveState;
  readonly paused: boolean;
  readonly waiting: number;
  readonly zone: Zone;
}

export interface BarActs {
  /** The list of ledgers is about to be looked at. */
  readonly onLook: () => void;
  readonly onLedger: (id: string) => void;
  readonly onZone: () => void;
  readonly onPause: () => void;
  readonly onKeys: () => void;
  readonly onSignOut: () => void;
}

export interface LedgerBar {
  readonly root: HTMLElement;
  show(state: BarState): void;
  /** Offers these ledgers; what is chosen stays. */
  offer(ledgers: readonly LedgerState[]): void;
}

/** The line on top: which ledger, how it stands, whether the view is live. */
export function createLedgerBar(ledgers: readonly LedgerState[], chosen: string, acts: BarActs): LedgerBar {
  const select = element('select', { 'aria-label': 'Ledger' });
  const offered = new Set<string>();
  const offer = (offers: readonly LedgerState[]): void => {
    for (const { id, name } of offers) {
      if (offered.has(id)) continue;
      offered.add(id);
      const label = name === null ? id : `${id} · ${visibleString(name)}`;
      select.append(element('option', { value: id, selected: id === chosen }, label));
    }
  };
  offer(ledgers);
  select.addEventListener('focus', acts.onLook);
  select.addEventListener('change', () => acts.onLedger(select.value));
  const size = element('span', { class: 'size' });
  const checkpoint = element('span', { class: 'checkpoint' });
  const live = button('', acts.onPause, { class: 'live', title: '= or f' });
  const trouble = element('span', { class: 'trouble', role: 'status' });
  const zone = button('', acts.onZone, { title: 't' });
  const root = element(
    'header',
    { class: 'bar' },
    element('h1', {}, 'Indelible'),
    select,
    size,
    checkpoint,
    element('span', { class: 'space' }),
    trouble,
    live,
    zone,
    button('Keys', acts.onKeys, { title: '?' }),
    button('Sign out', acts.onSignOut),
  );
  return {
    root,
    offer,
    show(state) {
      setText(size, state.ledger === null ? '' : sizeText(state.ledger.size));
      setText(checkpoint, state.ledger === null ? '' : checkpointText(state.ledger, state.zone));
      setText(live, liveText(state));
      live.dataset['state'] = state.paused ? 'paused' : state.live.kind.toLowerCase();
      live.setAttribute('aria-pressed', String(!state.paused));
      setText(trouble, troubleText(state.live));
      setText(zone, zoneText(state.zone));
      zone.setAttribute('aria-label', `Times in ${zone.textContent}. Switch.`);
    },
  };
}

/** Writing the same text again would be read out again, and would cost a layout. */
function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

function sizeText(size: number): string {
  return `${size.toLocaleString('en-US')} ${size === 1 ? 'record' : 'records'}`;
}

function checkpointText({ checkpoint, size }: LedgerState, zone: Zone): string {
  if (checkpoint === null) return size === 0 ? 'no checkpoint yet' : 'checkpoint due';
  const covers = checkpoint.size === size ? 'all' : checkpoint.size.toLocaleString('en-US');
  return `checkpoint over ${covers}, ${timeText(checkpoint.createdAt, zone)}`;
}

function liveText({ live, paused, waiting }: BarState): string {
  if (paused) return waiting === 0 ? 'paused' : `paused, ${waiting.toLocaleString('en-US')} waiting`;
  switch (live.kind) {
    case 'LIVE':
      return 'live';
    case 'LOADING':
      return 'connecting';
    case 'RETRYING':
      return 'reconnecting';
    case 'FAILED':
      return 'stopped';
  }
}

function troubleText(live: LiveState): string {
  return live.kind === 'RETRYING'
    ? `${live.reason} Trying again in ${(live.waitMs / 1000).toFixed(1)} s.`
    : '';
}

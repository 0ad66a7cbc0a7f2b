import { button, element } from '#ui/parts/element.ts';
import { visibleText } from '#ui/parts/visible-text.ts';
import { countText, sizeText } from './count-text.ts';
import type { EvidenceFile } from './evidence-file.ts';
import type { Progress, Verdict } from './verify-file.ts';

/** The one sentence that everybody reads. */
export interface VerdictBand {
  readonly root: HTMLElement;
  showWaiting(): void;
  /** Something ended the work, or keeps it from beginning. */
  showStopped(why: string): void;
  showProgress(file: EvidenceFile, progress: Progress, tookMs: number): void;
  showFailure(file: EvidenceFile, reason: string): void;
  showVerdict(file: EvidenceFile, verdict: Verdict, tookMs: number): void;
}

type State =
  | 'waiting'
  | 'stopped'
  | 'checking'
  | 'verified'
  | 'consistent'
  | 'unsigned'
  | 'broken'
  | 'failed';

const TITLES: Readonly<Record<State, string>> = {
  waiting: 'No file yet',
  stopped: 'Not checked',
  checking: 'Checking',
  verified: 'Verified',
  consistent: 'Consistent in itself, not verified',
  unsigned: 'Not verified: no key',
  broken: 'Broken',
  failed: 'Could not be read',
};

const BEGINNING = [
  'Every record, every hash on its way to the root, and the signature are checked here, to the last byte. ',
  'If this page came out of the pack itself, whoever made the pack made the page, too: for evidence that ',
  'matters use one that you got elsewhere.',
];

export function createVerdictBand(onCancel: () => void): VerdictBand {
  const title = element('h2', {});
  const sentence = element('p', {});
  const bar = element('progress', { 'aria-label': 'Records checked' });
  const detail = element('p', { class: 'note' });
  const cancel = button('Stop', onCancel);
  const work = element('div', { class: 'work', hidden: true }, bar, detail, cancel);
  // Said aloud when it changes; the progress is not, it would never be silent.
  const said = element('div', { role: 'status' }, title, sentence);
  const root = element('section', { class: 'verdict' }, said, work);
  const say = (state: State, ...words: readonly (Node | string)[]): void => {
    root.dataset['state'] = state;
    title.textContent = TITLES[state];
    sentence.replaceChildren(...words);
    work.hidden = state !== 'checking';
  };
  const waiting = (): void => say('waiting', ...BEGINNING);
  waiting();
  return {
    root,
    showWaiting: waiting,
    showStopped: (why) => say('stopped', why),
    showProgress(file, progress, tookMs) {
      if (root.dataset['state'] !== 'checking') say('checking', name(file));
      const { checked, total, breakCount } = progress;
      if (total > 0) {
        bar.max = total;
        bar.value = Math.min(checked, total);
      } else bar.removeAttribute('value');
      const broken = breakCount === 0 ? '' : `, ${countText(breakCount, 'break')} so far`;
      const far = `${countText(checked, 'record')} of ${total.toLocaleString('en')}`;
      detail.textContent = `${far}${broken}${rate(checked, tookMs)}`;
    },
    showFailure: (file, reason) => say('failed', name(file), ': ', visibleText(reason)),
    showVerdict(file, verdict, tookMs) {
      const took = `${sizeText(file.size)} in ${(tookMs / 1000).toFixed(1)} s.`;
      say(
        stateOf(verdict),
        ...wordsOf(verdict),
        ' ',
        element('span', { class: 'note' }, name(file), ', ', took),
      );
    },
  };
}

function stateOf({ outcome }: Verdict): State {
  const { verified, trust, breakCount } = outcome;
  if (breakCount > 0) return 'broken';
  if (trust === 'NONE' || !verified) return 'unsigned';
  return trust === 'GIVEN' ? 'verified' : 'consistent';
}

function wordsOf({ kind, outcome, records }: Verdict): readonly string[] {
  const { breakCount, checked } = outcome;
  const all = checked === 1 ? 'The record stands' : `All ${checked.toLocaleString('en')} records stand`;
  switch (stateOf({ kind, outcome, records, manifest: null })) {
    case 'broken':
      return [
        `${countText(breakCount, 'break')} in ${countText(checked, 'record')}. `,
        'This file is not what was recorded, or not all of it.',
      ];
    case 'verified':
      return [`${all} in the ledger, unchanged, and the ledger is signed with the key that you gave.`];
    case 'consistent':
      return [
        'Nothing in this file contradicts the rest of it. But whose key signed it is only its own claim: ',
        'give the key that you got elsewhere.',
      ];
    default:
      return [
        'What is in this file fits together. A proof names no key: nobody’s signature was verified. ',
        'Give the key that you got elsewhere.',
      ];
  }
}

function name(file: EvidenceFile): HTMLElement {
  return element('bdi', {}, visibleText(file.name));
}

/** Nothing in the first moments, when it would only jump. */
function rate(checked: number, tookMs: number): string {
  if (tookMs < 500 || checked === 0) return '';
  return `, ${Math.round((checked / tookMs) * 1000).toLocaleString('en')} a second`;
}

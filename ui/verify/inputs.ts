import { parseWitnessVkey } from '#server/ledger/cosignature.ts';
import { parseVkey } from '#server/ledger/note.ts';
import { element } from '#ui/parts/element.ts';
import { type Reader, sha256 } from './verify-file.ts';

/** What the person gives: a file, and the keys got elsewhere. */
export interface Inputs {
  readonly root: HTMLElement;
}

export interface InputActs {
  onFile(file: File): void;
  /** The keys, each of them one. */
  onReader(reader: Reader): void;
  /** A key is none: what was said no longer holds. */
  onProblem(): void;
}

export function createInputs(acts: InputActs): Inputs {
  return {
    root: element('div', { class: 'inputs empty' }, fileInput(acts.onFile.bind(acts)), keyForm(acts)),
  };
}

function fileInput(onFile: (file: File) => void): HTMLElement {
  const input = element('input', { id: 'file', type: 'file', 'aria-describedby': 'file-hint' });
  const problem = element('p', { class: 'problem', role: 'alert' });
  const zone = element(
    'section',
    { class: 'drop' },
    element('label', { for: 'file' }, 'Evidence pack or proof'),
    input,
    element(
      'p',
      { id: 'file-hint', class: 'note' },
      'Choose it or drop it anywhere on this page: ',
      element('code', {}, '*.evidence.zip'),
      ', not unpacked, or ',
      element('code', {}, '*.tlog-proof'),
      '.',
    ),
    problem,
  );
  const take = (files: FileList | null | undefined): void => {
    const [file] = files ?? [];
    problem.textContent = files && files.length > 1 ? 'One file at a time, please.' : '';
    if (file && files?.length === 1) onFile(file);
  };
  input.addEventListener('change', () => take(input.files));
  // The whole page takes a dropped file; otherwise the browser would leave the page and open it.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) zone.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    const files = event.dataTransfer?.files;
    // So that the input names the file that is looked at.
    if (files?.length === 1) input.files = files;
    take(files);
  });
  return zone;
}

function keyForm({ onReader, onProblem }: InputActs): HTMLElement {
  const attributes = { autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' };
  const key = element('input', { ...attributes, id: 'vkey', type: 'text', 'aria-describedby': 'vkey-hint' });
  const witnesses = element('textarea', { ...attributes, id: 'witnesses', rows: 2 });
  const problem = element('p', { class: 'problem', role: 'alert' });
  const form = element(
    'form',
    { class: 'keys' },
    element('label', { for: 'vkey' }, "The ledger's verifier key"),
    element('div', { class: 'row' }, key, element('button', { type: 'submit' }, 'Compare')),
    element(
      'p',
      { id: 'vkey-hint', class: 'note' },
      'From elsewhere: the operator, a contract, an earlier pack. The one in the pack proves nothing.',
    ),
    element(
      'details',
      {},
      element('summary', {}, 'Witnesses'),
      element(
        'label',
        { for: 'witnesses' },
        'Verifier keys of witnesses that must have cosigned, one a line',
      ),
      witnesses,
    ),
    problem,
  );
  let last = '\n';
  const give = (): void => {
    const lines = witnesses.value.split('\n').map(withoutSpace);
    const given = { vkey: withoutSpace(key.value) || null, witnesses: lines.filter((line) => line !== '') };
    const text = [given.vkey ?? '', ...given.witnesses].join('\n');
    if (text === last) return;
    last = text;
    const found = problemOf(given);
    problem.textContent = found ?? '';
    key.setAttribute('aria-invalid', String(found !== null));
    if (found === null) onReader(given);
    else onProblem();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    give();
  });
  form.addEventListener('change', give);
  return form;
}

/** A key that was copied from a page or a mail may have been broken into lines. */
function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '');
}

function problemOf({ vkey, witnesses }: Reader): string | null {
  const key = vkey === null ? null : parseVkey(sha256, vkey);
  if (key !== null && 'problem' in key)
    return `This is not a verifier key: ${key.problem}. Nothing is verified with it.`;
  for (const [at, witness] of witnesses.entries()) {
    const parsed = parseWitnessVkey(sha256, witness);
    if ('problem' in parsed) return `Witness ${at + 1} is not a verifier key: ${parsed.problem}.`;
  }
  return null;
}

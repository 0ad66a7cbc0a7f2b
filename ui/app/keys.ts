/** One key and what it does. */
export interface KeyAct {
  /** As `KeyboardEvent.key` names them; the first is the one that is shown. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly does: string;
  readonly act: () => void;
}

const SWITCH = 'indelible.single-keys';

/** Whether single letters act: people who speak to their computer switch them off (WCAG 2.1.4). */
export function singleKeysOn(storage: Storage): boolean {
  return storage.getItem(SWITCH) !== 'off';
}

export function switchSingleKeys(storage: Storage, on: boolean): void {
  storage.setItem(SWITCH, on ? 'on' : 'off');
}

/** Listens for keys until the signal is aborted. Text fields and the browser's own shortcuts keep theirs. */
export function listenForKeys(acts: readonly KeyAct[], isOn: () => boolean, signal: AbortSignal): void {
  const listen = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isOwnedBy(event.target, event.key)) return;
    const found = acts.find(({ keys }) => keys.includes(event.key));
    if (!found || (event.key.length === 1 && !isOn())) return;
    event.preventDefault();
    found.act();
  };
  document.addEventListener('keydown', listen, { signal });
}

/** Whether the focused element needs the key itself. */
function isOwnedBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement) || key === 'Escape') return false;
  if (target.closest('input:not([type=checkbox]), textarea, select')) return true;
  return key === 'Enter' && target.closest('button, a, input, summary') !== null;
}

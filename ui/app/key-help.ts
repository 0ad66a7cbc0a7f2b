import { button, element } from './element.ts';
import type { KeyAct } from './keys.ts';

/** A panel with all keys: beside the record where there is room, else over it. */
export interface KeyHelp {
  readonly root: HTMLElement;
  toggle(): void;
  /** Closes it; gives whether it was open. */
  close(): boolean;
}

export function createKeyHelp(
  acts: readonly KeyAct[],
  singleKeys: { readonly on: boolean; readonly onChange: (on: boolean) => void },
): KeyHelp {
  const list = element('dl', { class: 'keys' });
  for (const { label, does } of acts)
    list.append(element('dt', {}, element('kbd', {}, label)), element('dd', {}, does));
  const box = element('input', { type: 'checkbox', id: 'single-keys' });
  box.checked = singleKeys.on;
  box.addEventListener('change', () => singleKeys.onChange(box.checked));
  const root = element(
    'section',
    { class: 'key-help', 'aria-labelledby': 'key-help-title', hidden: true },
    element('h2', { id: 'key-help-title' }, 'Keys'),
    list,
    element('p', { class: 'check' }, box, element('label', { for: 'single-keys' }, 'Single letters act')),
    button('Close', () => close()),
  );
  const close = (): boolean => {
    const wasOpen = !root.hidden;
    root.hidden = true;
    return wasOpen;
  };
  return {
    root,
    close,
    toggle: () => {
      root.hidden = !root.hidden;
    },
  };
}

import { useEffect, useRef, useSyncExternalStore } from 'react';
import { preferences } from './preferences.ts';

/** Something a person can do by key, and find in the palette and in the list of keys. */
export interface Command {
  /** Unique while it is there, e.g. `table.next`. */
  readonly id: string;
  /** What it does, e.g. `Next record`. */
  readonly title: string;
  /** Where it stands in the lists. */
  readonly group: string;
  /**
   * Keys: `KeyboardEvent.key` names; `Mod+k` is ⌘ on a Mac and Ctrl elsewhere; two with a space between are
   * pressed one after the other, e.g. `p a`. None: only in the palette.
   */
  readonly keys?: readonly string[];
  /** Not in the palette: it means nothing there. */
  readonly isKeyOnly?: boolean;
  /** Gives `false` where it does not apply now: then the key goes on to whoever else wants it. */
  readonly run: () => boolean | void;
}

/** Later ones first: what was opened last gets the key. */
let registered: readonly (readonly Command[])[] = [];
let all: readonly Command[] = [];
const listeners = new Set<() => void>();

/**
 * Offers commands while the component is there. Their `run` is always the one of the last render; ids, titles
 * and keys may change, too.
 */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const signature = commands.map(({ id, title, keys }) => `${id}\n${title}\n${keys?.join()}`).join('\n');
  useEffect(() => {
    const offered = latest.current.map((command, place) => ({
      ...command,
      run: () => latest.current[place]?.run(),
    }));
    register([offered, ...registered]);
    return () => register(registered.filter((other) => other !== offered));
  }, [signature]);
}

/** All commands that are offered now. */
export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}

function register(next: readonly (readonly Command[])[]): void {
  registered = next;
  all = next.flat();
  for (const listener of listeners) listener();
}

/** How long the second key of two is waited for. */
const SECOND_KEY_MS = 1_500;

/** Listens for keys until the signal is aborted. Text fields and the browser's own shortcuts keep theirs. */
export function listenForKeys(signal: AbortSignal): void {
  let first: { readonly key: string; readonly at: number } | null = null;
  const listen = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || isModifier(event.key)) return;
    const pressed = nameOf(event);
    if (pressed === null || isOwnedBy(event.target, event.key, pressed)) return;
    if (isLetter(pressed) && !preferences().singleKeys) return;
    const before = first !== null && event.timeStamp - first.at < SECOND_KEY_MS ? `${first.key} ` : '';
    first = null;
    const isDone = runFirst(before + pressed) || (before !== '' && runFirst(pressed));
    if (isDone) event.preventDefault();
    else if (all.some(({ keys }) => keys?.some((key) => key.startsWith(`${pressed} `)))) {
      first = { key: pressed, at: event.timeStamp };
      event.preventDefault();
    }
  };
  document.addEventListener('keydown', listen, { signal });
}

function runFirst(key: string): boolean {
  return all.some((command) => command.keys?.includes(key) === true && command.run() !== false);
}

function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string | null {
  if (altKey) return null;
  const isMod = IS_MAC ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (isMod) return `Mod+${key.length === 1 ? key.toLowerCase() : key}`;
  if (ctrlKey || metaKey) return null;
  return shiftKey && key.length > 1 ? `Shift+${key}` : key;
}

export const IS_MAC = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A key as it stands on the keyboard, e.g. `⌘K`, `Ctrl+K`, `p a`. */
export function keyText(key: string): string {
  const named = key.replace('Mod+', IS_MAC ? '⌘' : 'Ctrl+').replace('Shift+', '⇧');
  const shown = named.replace('ArrowDown', '↓').replace('ArrowUp', '↑').replace('ArrowLeft', '←');
  const spaced = shown.replace('ArrowRight', '→').replace('Escape', 'Esc');
  const text = spaced === ' ' ? 'Space' : spaced.replace('ContextMenu', 'Menu');
  return key.startsWith('Mod+') && key.length === 5 ? text.slice(0, -1) + text.slice(-1).toUpperCase() : text;
}

/** Single characters that act alone; the space bar is none: it does what the focused row or button says. */
function isLetter(pressed: string): boolean {
  return pressed.length === 1 && pressed !== ' ';
}

function isModifier(key: string): boolean {
  return key === 'Shift' || key === 'Control' || key === 'Meta' || key === 'Alt';
}

/** Whether the focused element needs the key itself. */
function isOwnedBy(target: EventTarget | null, key: string, pressed: string): boolean {
  if (!(target instanceof HTMLElement) || key === 'Escape') return false;
  const isText = target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select') !== null;
  if (isText || target.isContentEditable) return pressed === key || !GLOBAL_IN_TEXT.has(pressed);
  if (target.closest(OVERLAYS) !== null) return pressed === key;
  return (key === 'Enter' || key === ' ') && target.closest('button, a, input, summary, [role=tab]') !== null;
}

/** What lies over the page: a key pressed there is not meant for what lies below. */
const OVERLAYS = '[role=menu], [role=listbox], [role=dialog], [role=alertdialog]';

/** Keys that act in text fields, too. */
const GLOBAL_IN_TEXT: ReadonlySet<string> = new Set(['Mod+k']);

import type { Command } from '#ui/app/commands.ts';
import { messages } from './messages.ts';
import type { RowList } from './row-list.ts';
import type { RowView } from './row-view.ts';
import type { ActiveRow } from './use-active-row.ts';
import type { Find } from './use-find.ts';
import type { LiveRows } from './use-live-rows.ts';
import type { Selecting } from './use-row-selection.ts';

/** What the keys of the table act on. */
export interface TableCommandContext {
  readonly list: RowList;
  readonly active: ActiveRow;
  readonly selecting: Selecting;
  readonly find: Find;
  readonly live: LiveRows;
  readonly view: RowView;
  readonly open: number | null;
  readonly onOpen: (index: number | null) => void;
  /** Opens the menu of the active row. */
  readonly onMenu: () => void;
  /** Whether keys that others use, too (arrows, space), are meant for the table. */
  readonly isFocused: () => boolean;
}

/** The keys of the table. */
export function tableCommands(context: TableCommandContext): readonly Command[] {
  return [...walking(context), ...opening(context), ...choosing(context), ...following(context)];
}

function walking({ list, active, view, isFocused }: TableCommandContext): readonly Command[] {
  const by = (count: number): void =>
    active.go(active.place === null ? view.places().firstSeen : active.place + count);
  return [
    command('next', ['j'], () => by(1)),
    command('previous', ['k'], () => by(-1)),
    keyOnly('next-arrow', messages.next, ['ArrowDown'], () => (isFocused() ? by(1) : false)),
    keyOnly('previous-arrow', messages.previous, ['ArrowUp'], () => (isFocused() ? by(-1) : false)),
    command('pageDown', ['PageDown'], () => (isFocused() ? by(view.pageRows) : false)),
    command('pageUp', ['PageUp'], () => (isFocused() ? by(-view.pageRows) : false)),
    command('first', ['Home'], () => (isFocused() ? active.go(0) : false)),
    command('last', ['End'], () => (isFocused() ? active.go(list.length - 1) : false)),
  ];
}

function opening(context: TableCommandContext): readonly Command[] {
  const { list, active, find, selecting, open, onOpen, onMenu, isFocused } = context;
  const row = active.place === null ? undefined : list.at(active.place);
  return [
    command('openActive', ['Enter'], () => {
      if (row === undefined || !isFocused()) return false;
      onOpen(row.index);
    }),
    command('close', ['Escape'], () => {
      if (find.isOpen) find.close();
      else if (open !== null) onOpen(null);
      else if (selecting.rows.size > 0) selecting.clear();
      else return false;
    }),
    command('showMenu', ['Shift+F10', 'ContextMenu'], () => {
      if (row === undefined || !isFocused()) return false;
      onMenu();
    }),
    command('find', ['Mod+f'], find.show),
  ];
}

function choosing({ list, active, selecting, isFocused }: TableCommandContext): readonly Command[] {
  const extend = (by: 1 | -1): boolean | void => {
    if (active.place === null || !isFocused()) return false;
    const next = active.place + by;
    if (next < 0 || next >= list.length) return;
    selecting.extend(list, active.place, next);
    active.go(next);
  };
  return [
    command('toggleSelected', [' '], () => {
      const row = active.place === null ? undefined : list.at(active.place);
      if (row === undefined || !isFocused()) return false;
      selecting.toggle(row);
    }),
    command('extendDown', ['Shift+ArrowDown'], () => extend(1)),
    command('extendUp', ['Shift+ArrowUp'], () => extend(-1)),
    command('selectLoaded', ['Mod+a'], () => (isFocused() ? selecting.selectLoaded(list) : false)),
  ];
}

function following({ live }: TableCommandContext): readonly Command[] {
  return [
    command('follow', ['f'], live.toggle),
    command('pause', ['='], () => {
      if (live.state === null) return false;
      if (live.isPaused) live.resume();
      else live.pause();
    }),
  ];
}

type CommandName =
  | 'next'
  | 'previous'
  | 'pageDown'
  | 'pageUp'
  | 'first'
  | 'last'
  | 'openActive'
  | 'close'
  | 'showMenu'
  | 'find'
  | 'toggleSelected'
  | 'extendDown'
  | 'extendUp'
  | 'selectLoaded'
  | 'follow'
  | 'pause';

function command(name: CommandName, keys: readonly string[], run: Command['run']): Command {
  const isInPalette = name === 'find' || name === 'follow' || name === 'pause' || name === 'selectLoaded';
  return {
    id: `table.${name}`,
    title: messages[name],
    group: messages.group,
    keys,
    run,
    ...(isInPalette ? {} : { isKeyOnly: true }),
  };
}

function keyOnly(name: string, title: string, keys: readonly string[], run: Command['run']): Command {
  return { id: `table.${name}`, title, group: messages.group, keys, run, isKeyOnly: true };
}

import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { matchCommands } from './command-match.ts';
import { type Command, useAllCommands } from './commands.ts';
import { KeyCaps } from './key-caps.tsx';
import { messages } from './shell-messages.ts';
import './command-palette.css';

export interface CommandPaletteProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** How many commands are remembered as run; also how many stand first before anything is typed. */
const RECENT_MAX = 5;

/** Every command by name. The chosen one runs when the palette has closed and the focus is back. */
export function CommandPalette({ isOpen, onOpenChange }: CommandPaletteProps) {
  const [recent, setRecent] = useState<readonly string[]>([]);
  const chosen = useRef<Command | null>(null);
  useEffect(() => {
    if (isOpen || chosen.current === null) return;
    const { run } = chosen.current;
    chosen.current = null;
    afterFocusIsBack(run);
  }, [isOpen]);
  const choose = (command: Command): void => {
    chosen.current = command;
    setRecent((before) => [command.id, ...before.filter((id) => id !== command.id)].slice(0, RECENT_MAX));
    onOpenChange(false);
  };
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      isDismissable
      className="command-palette-overlay"
    >
      <Modal className="command-palette">
        <Dialog aria-label={messages.palette} className="command-palette-dialog">
          <Finder recent={recent} onChoose={choose} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The dialog gives the focus back in the next frame. */
function afterFocusIsBack(run: Command['run']): void {
  requestAnimationFrame(() => requestAnimationFrame(() => void run()));
}

interface FinderProps {
  readonly recent: readonly string[];
  readonly onChoose: (command: Command) => void;
}

function Finder({ recent, onChoose }: FinderProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const commands = useAllCommands().filter(({ isKeyOnly }) => isKeyOnly !== true);
  const sections = sectionsOf(matchCommands(commands, text, recent), text, recent);
  const found = sections.flatMap((section) => section.commands);
  const place = Math.min(active, found.length - 1);
  const optionId = (index: number): string => `${id}-${index}`;
  const press = (event: KeyboardEvent): void => {
    const next = placeAfter(event.key, place, found.length);
    const command = found[place];
    if (next !== null) setActive(next);
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing && command) onChoose(command);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        className="command-palette-input"
        role="combobox"
        aria-label={messages.paletteSearch}
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length === 0 ? undefined : optionId(place)}
        placeholder={messages.paletteSearch}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={press}
      />
      <div id={`${id}-list`} role="listbox" aria-label={messages.palette} className="command-palette-list">
        {sections.map(({ title, first, commands: members }) => (
          <div key={title} role="group" aria-label={title}>
            <p className="command-palette-group" aria-hidden="true">
              {title}
            </p>
            {members.map((command, index) => (
              <Option
                key={command.id}
                id={optionId(first + index)}
                command={command}
                isActive={first + index === place}
                onHover={() => setActive(first + index)}
                onChoose={() => onChoose(command)}
              />
            ))}
          </div>
        ))}
      </div>
      <p role="status" className={found.length === 0 ? 'command-palette-none' : 'unseen'}>
        {found.length === 0 ? messages.nothingFound : messages.foundCount(found.length)}
      </p>
    </>
  );
}

interface OptionProps {
  readonly id: string;
  readonly command: Command;
  readonly isActive: boolean;
  readonly onHover: () => void;
  readonly onChoose: () => void;
}

function Option({ id, command, isActive, onHover, onChoose }: OptionProps) {
  const option = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isActive) option.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    <div
      ref={option}
      id={id}
      role="option"
      aria-selected={isActive}
      className="command-palette-option"
      // The pointer rests where the list scrolls under it: only a pointer that moves chooses.
      onPointerMove={onHover}
      // The input keeps the focus.
      onPointerDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      <span>
        <ShownText text={command.title} />
      </span>
      <KeyCaps keys={command.keys ?? []} />
    </div>
  );
}

interface Section {
  readonly title: string;
  /** Place of its first command among all. */
  readonly first: number;
  readonly commands: readonly Command[];
}

/** Before anything is typed: what was run last, then all by group. Afterwards: the best first. */
function sectionsOf(
  commands: readonly Command[],
  text: string,
  recent: readonly string[],
): readonly Section[] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const isRecent = recent.includes(command.id);
    const title = text.trim() !== '' ? messages.foundGroup : isRecent ? messages.recentGroup : command.group;
    groups.set(title, [...(groups.get(title) ?? []), command]);
  }
  let first = 0;
  return [...groups].map(([title, members]) => {
    const section = { title, first, commands: members };
    first += members.length;
    return section;
  });
}

const PAGE = 8;

/** Where a key leads in a list of so many; `null` for keys that do not move. */
function placeAfter(key: string, place: number, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return (place + 1) % count;
    case 'ArrowUp':
      return (place - 1 + count) % count;
    case 'PageDown':
      return Math.min(place + PAGE, count - 1);
    case 'PageUp':
      return Math.max(place - PAGE, 0);
    default:
      return null;
  }
}

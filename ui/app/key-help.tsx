import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { SwitchButton, SwitchField } from 'react-aria-components';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { type Command, useAllCommands, useCommands } from './commands.ts';
import { KeyCaps } from './key-caps.tsx';
import { setPreferences, usePreferences } from './preferences.ts';
import { messages } from './shell-messages.ts';
import './key-help.css';

/**
 * All keys that act now, beside the page: what they do can be tried while it is open. It takes the focus, and
 * gives it back when it closes.
 */
export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  const panel = useRef<HTMLElement>(null);
  const { singleKeys } = usePreferences();
  const groups = keysByGroup(useAllCommands());
  useEffect(() => {
    const before = document.activeElement;
    const shown = panel.current;
    shown?.focus();
    return () => {
      const isLost = document.activeElement === document.body || shown?.contains(document.activeElement);
      if (isLost === true && before instanceof HTMLElement) before.focus();
    };
  }, []);
  useCommands([
    {
      id: 'keys.close',
      title: messages.closeKeys,
      group: messages.pageGroup,
      keys: ['Escape'],
      isKeyOnly: true,
      run: onClose,
    },
  ]);
  return (
    <aside ref={panel} tabIndex={-1} className="key-help" aria-labelledby="key-help-title">
      <header className="key-help-bar">
        <h2 id="key-help-title">{messages.keys}</h2>
        <PlainButton label={messages.close} onPress={onClose}>
          <X aria-hidden size={16} />
        </PlainButton>
      </header>
      <div className="key-help-switch">
        <SwitchField
          isSelected={singleKeys}
          onChange={(isOn) => setPreferences({ singleKeys: isOn })}
          aria-describedby="key-help-hint"
        >
          <SwitchButton className="key-help-toggle">
            <span className="key-help-track" aria-hidden="true" />
            {messages.singleKeys}
          </SwitchButton>
        </SwitchField>
        <p id="key-help-hint" className="muted">
          {messages.singleKeysHint}
        </p>
      </div>
      {groups.map(([group, commands]) => (
        <section key={group} className="key-help-group">
          <h3>{group}</h3>
          <ul>
            {commands.map(({ id, title, keys = [] }) => (
              <li key={id} className="key-help-row">
                <span>
                  <ShownText text={title} />
                </span>
                <KeyCaps keys={keys} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </aside>
  );
}

/** Commands that have keys, each once, by group in the order in which the groups come. */
function keysByGroup(
  commands: readonly Command[],
): readonly (readonly [group: string, commands: readonly Command[]])[] {
  const groups = new Map<string, Map<string, Command>>();
  for (const command of commands.filter(({ keys = [] }) => keys.length > 0)) {
    const group = groups.get(command.group) ?? new Map<string, Command>();
    if (!group.has(command.id)) group.set(command.id, command);
    groups.set(command.group, group);
  }
  return [...groups].map(([group, byId]) => [group, [...byId.values()]]);
}

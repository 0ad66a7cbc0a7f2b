import { useRef, useState } from 'react';
import { type Command, useCommands } from '#ui/app/commands.ts';
import type { QuarantineRowFragment, QuarantineState } from '#ui/graphql/generated.ts';
import { messages } from './messages.ts';
import { QuarantineLine } from './quarantine-line.tsx';
import type { QuarantineRow } from './use-quarantine.ts';
import './quarantine-table.css';

export interface QuarantineTableProps {
  readonly ledger: string;
  /** Which ones are listed. */
  readonly state: QuarantineState | null;
  readonly rows: readonly QuarantineRow[];
  /** Ids of those that are selected. */
  readonly selected: ReadonlySet<string>;
  readonly onSelected: (selected: ReadonlySet<string>) => void;
  readonly isBusy: boolean;
  readonly onReplay: (event: QuarantineRowFragment) => void;
  /** Something was decided: the list is to be asked for again. */
  readonly onChange: () => void;
}

/** The quarantine as a table; rows are walked with j and k, opened with Enter, selected with Space. */
export function QuarantineTable(props: QuarantineTableProps) {
  const { ledger, state, rows, selected, onSelected, isBusy, onReplay, onChange } = props;
  const table = useRef<HTMLTableElement>(null);
  const [open, setOpen] = useState<string | null>(null);
  const openable = rows.map(({ event }) => event).filter((event) => event.state === 'OPEN');
  const isAll = openable.length > 0 && openable.every(({ id }) => selected.has(id));
  const toggle = (id: string): void => onSelected(toggled(selected, id));
  useCommands(
    tableCommands(table, {
      onOpen: (id) => setOpen(id === open ? null : id),
      onSelect: (id) => openable.some((event) => event.id === id) && toggle(id),
    }),
  );
  return (
    <table ref={table} className="quarantine-table">
      <thead>
        <tr>
          <th scope="col">
            <input
              type="checkbox"
              aria-label={messages.selectAll}
              checked={isAll}
              disabled={openable.length === 0}
              onChange={() => onSelected(new Set(isAll ? [] : openable.map(({ id }) => id)))}
            />
          </th>
          <th scope="col">{messages.event}</th>
          <th scope="col">{messages.reason}</th>
          <th scope="col">{messages.since}</th>
          <th scope="col">{messages.state}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ event, after }) => (
          <QuarantineLine
            key={event.id}
            event={event}
            place={{ ledger, state, after }}
            isOpen={event.id === open}
            isSelected={selected.has(event.id)}
            isBusy={isBusy}
            onOpen={() => setOpen(event.id === open ? null : event.id)}
            onSelect={() => toggle(event.id)}
            onReplay={() => onReplay(event)}
            onChange={onChange}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowActs {
  readonly onOpen: (id: string) => void;
  readonly onSelect: (id: string) => boolean | void;
}

function tableCommands(
  table: { readonly current: HTMLTableElement | null },
  { onOpen, onSelect }: RowActs,
): readonly Command[] {
  const rows = (): readonly HTMLElement[] => [
    ...(table.current?.querySelectorAll<HTMLElement>('[data-event]') ?? []),
  ];
  const focused = (): HTMLElement | undefined => rows().find((row) => row.contains(document.activeElement));
  const step = (by: 1 | -1): void => {
    const [all, now] = [rows(), focused()];
    const at = now === undefined ? (by === 1 ? -1 : all.length) : all.indexOf(now);
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  const onRow = (act: (id: string) => boolean | void): boolean => {
    const row = focused();
    return row !== undefined && row === document.activeElement && act(row.dataset['event'] ?? '') !== false;
  };
  const { group } = messages;
  const isKeyOnly = true;
  return [
    {
      id: 'quarantine.next',
      title: messages.nextRow,
      group,
      keys: ['j'],
      isKeyOnly,
      run: () => step(1),
    },
    {
      id: 'quarantine.previous',
      title: messages.previousRow,
      group,
      keys: ['k'],
      isKeyOnly,
      run: () => step(-1),
    },
    {
      id: 'quarantine.open',
      title: messages.inspect,
      group,
      keys: ['Enter'],
      isKeyOnly,
      run: () => onRow(onOpen),
    },
    {
      id: 'quarantine.select',
      title: messages.selectRow,
      group,
      keys: [' '],
      isKeyOnly,
      run: () => onRow(onSelect),
    },
  ];
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

import { useRef } from 'react';
import { Menu, MenuItem, Popover, Separator } from 'react-aria-components';
import { visibleString } from '#ui/parts/visible-text.ts';
import { COPY_FORMATS, type CopyFormat } from './copy-rows.ts';
import { messages } from './messages.ts';
import './row-menu.css';

/** What a menu is of, and where it opens. */
export interface RowMenuTarget {
  /** In px of the window. */
  readonly x: number;
  readonly y: number;
  /** Term that finds the value of the cell; `null` for none. */
  readonly term: string | null;
  /** How many records copying copies. */
  readonly copied: number;
}

export type RowMenuAction = 'OPEN' | 'LINK' | 'FILTER' | 'EXCLUDE' | CopyFormat;

export interface RowMenuProps {
  /** Closed where it is `null`. */
  readonly target: RowMenuTarget | null;
  readonly onAction: (action: RowMenuAction) => void;
  readonly onClose: () => void;
}

/** The menu of a row and of the cell it was opened on. */
export function RowMenu({ target, onAction, onClose }: RowMenuProps) {
  const anchor = useRef<HTMLSpanElement>(null);
  return (
    <>
      <span
        ref={anchor}
        className="row-menu-anchor"
        style={{ left: target?.x ?? 0, top: target?.y ?? 0 }}
        aria-hidden
      />
      <Popover
        className="popover"
        triggerRef={anchor}
        placement="bottom start"
        isOpen={target !== null}
        onOpenChange={(isOpen) => {
          if (!isOpen) onClose();
        }}
      >
        <Menu
          className="menu"
          aria-label={messages.rowMenu}
          onAction={(key) => {
            onClose();
            onAction(key as RowMenuAction);
          }}
        >
          <MenuItem id="OPEN" className="menu-item">
            {messages.open}
          </MenuItem>
          <MenuItem id="LINK" className="menu-item">
            {messages.copyLink}
          </MenuItem>
          {target !== null && target.term !== null && (
            <>
              <Separator className="row-menu-line" />
              <MenuItem id="FILTER" className="menu-item">
                {messages.filterFor(shortTerm(target.term))}
              </MenuItem>
              <MenuItem id="EXCLUDE" className="menu-item">
                {messages.exclude(shortTerm(target.term))}
              </MenuItem>
            </>
          )}
          <Separator className="row-menu-line" />
          {COPY_FORMATS.map((format) => (
            <MenuItem key={format} id={format} className="menu-item">
              {messages.copyRows(target?.copied ?? 1, messages[`format${format}`])}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </>
  );
}

const TERM_CHARACTERS_MAX = 60;

/** Whole it may be a page long. */
function shortTerm(term: string): string {
  const shown = visibleString(term);
  return shown.length > TERM_CHARACTERS_MAX ? `${shown.slice(0, TERM_CHARACTERS_MAX)}…` : shown;
}

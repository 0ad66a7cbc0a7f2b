import { X } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { Button, GridList, GridListItem, type Key } from 'react-aria-components';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import './search-history-list.css';

export interface SearchHistoryListProps {
  /** Newest first. */
  readonly searches: readonly string[];
  readonly onChoose: (search: string) => void;
  readonly onRemove: (search: string) => void;
  readonly onLeave: () => void;
}

/** Searches that were run before, below an empty search bar. Delete forgets one. */
export function SearchHistoryList({ searches, onChoose, onRemove, onLeave }: SearchHistoryListProps) {
  const searchOf = (key: Key): string => searches[Number(key)] ?? '';
  const act = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.key === 'Escape') onLeave();
    else if (event.key === 'Delete') {
      const focused = event.target instanceof HTMLElement ? event.target.closest('[data-key]') : null;
      const key = focused?.getAttribute('data-key') ?? null;
      if (key === null) return;
      onRemove(searchOf(key));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="search-history-list popover" onKeyDownCapture={act}>
      <p className="search-history-list-title">{messages.history}</p>
      <GridList
        aria-label={messages.history}
        items={searches.map((search, id) => ({ id, search }))}
        onAction={(key) => onChoose(searchOf(key))}
      >
        {({ id, search }) => (
          <GridListItem id={id} className="search-history-list-item" textValue={visibleString(search)}>
            <span className="search-history-list-text">
              <ShownText text={search} />
            </span>
            <Button
              className="search-history-list-remove"
              aria-label={messages.removeSearch(visibleString(search))}
              onPress={() => onRemove(search)}
            >
              <X aria-hidden size={12} />
            </Button>
          </GridListItem>
        )}
      </GridList>
    </div>
  );
}

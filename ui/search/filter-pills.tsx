import { CornerLeftUp, Plus, TriangleAlert, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Button, Dialog, DialogTrigger, Popover, Toolbar } from 'react-aria-components';
import { announce } from '#ui/parts/announce.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import { negatePill, readPill } from './pill.ts';
import { PillEditor } from './pill-editor.tsx';
import './filter-pills.css';

export interface FilterPillsProps {
  readonly ledger: string;
  readonly pills: readonly string[];
  readonly onPills: (pills: readonly string[]) => void;
  /** Writes all of them into the search instead. */
  readonly onMove: () => void;
}

/** The filters beside the search: each is one term. Arrows go from one to the next, Delete removes. */
export function FilterPills({ ledger, pills, onPills, onMove }: FilterPillsProps) {
  const { bar, focusAfter } = useFocusAfterRemoval(pills.length);
  const remove = (place: number): void => {
    focusAfter(place);
    announce(messages.filterRemoved(visibleString(pills[place] ?? '')));
    onPills(pills.filter((_, other) => other !== place));
  };
  const replace = (place: number, term: string): void =>
    onPills([...new Set(pills.map((pill, other) => (other === place ? term : pill)))]);
  return (
    <Toolbar ref={bar} aria-label={messages.filters} className="filter-pills">
      {pills.map((term, place) => (
        <FilterPill
          // By place: a changed term keeps the focus, and a link may bring one twice.
          key={place}
          ledger={ledger}
          term={term}
          others={pills.filter((_, other) => other !== place)}
          onTerm={(next) => replace(place, next)}
          onRemove={() => remove(place)}
        />
      ))}
      <AddFilter ledger={ledger} pills={pills} onTerm={(term) => onPills([...pills, term])} />
      {pills.length > 0 && (
        <>
          <Button className="button plain filter-pills-act" onPress={onMove}>
            <CornerLeftUp aria-hidden size={14} />
            {messages.moveFilters}
          </Button>
          <Button
            className="button plain filter-pills-act"
            aria-label={messages.clearFiltersLong}
            onPress={() => {
              focusAfter(0);
              onPills([]);
            }}
          >
            {messages.clearFilters}
          </Button>
        </>
      )}
    </Toolbar>
  );
}

interface FilterPillProps {
  readonly ledger: string;
  readonly term: string;
  readonly others: readonly string[];
  readonly onTerm: (term: string) => void;
  readonly onRemove: () => void;
}

function FilterPill({ ledger, term, others, onTerm, onRemove }: FilterPillProps) {
  const [isOpen, setOpen] = useState(false);
  const { mistake, isNegated } = readPill(term);
  const named = visibleString(term);
  const close = (): void => setOpen(false);
  const act = (event: KeyboardEvent): void => {
    if (isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Delete' || event.key === 'Backspace') onRemove();
    else if (event.key === '-') onTerm(negatePill(term));
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="filter-pills-pill"
      data-negated={isNegated || undefined}
      data-broken={mistake !== null || undefined}
      onKeyDown={act}
    >
      <DialogTrigger isOpen={isOpen} onOpenChange={setOpen}>
        <Button className="filter-pills-term">
          <PillText term={term} />
        </Button>
        <Popover className="popover" placement="bottom start">
          <Dialog aria-label={messages.editFilter}>
            <PillEditor
              ledger={ledger}
              term={term}
              others={others}
              onTerm={(next) => {
                close();
                if (next !== term) onTerm(next);
              }}
              onRemove={() => {
                close();
                onRemove();
              }}
              onClose={close}
            />
          </Dialog>
        </Popover>
      </DialogTrigger>
      <Button className="filter-pills-remove" aria-label={messages.removeFilter(named)} onPress={onRemove}>
        <X aria-hidden size={12} />
      </Button>
    </div>
  );
}

function PillText({ term }: { readonly term: string }) {
  const { isNegated, field, value, mistake } = readPill(term);
  return (
    <>
      {mistake !== null && (
        <>
          <TriangleAlert aria-hidden size={12} />
          <span className="unseen">{`${messages.brokenFilter} `}</span>
        </>
      )}
      {isNegated && <span className="filter-pills-not">{`${messages.not} `}</span>}
      {field !== null && (
        <span className="filter-pills-field">
          <ShownText text={field} />:
        </span>
      )}
      <span className="filter-pills-value">
        <ShownText text={value} />
      </span>
    </>
  );
}

interface AddFilterProps {
  readonly ledger: string;
  readonly pills: readonly string[];
  readonly onTerm: (term: string) => void;
}

function AddFilter({ ledger, pills, onTerm }: AddFilterProps) {
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={setOpen}>
      <Button className="button plain filter-pills-act" aria-label={messages.addFilterLong}>
        <Plus aria-hidden size={14} />
        {messages.addFilter}
      </Button>
      <Popover className="popover" placement="bottom start">
        <Dialog aria-label={messages.addFilterLong}>
          <PillEditor
            ledger={ledger}
            term={null}
            others={pills}
            onTerm={(term) => {
              close();
              onTerm(term);
            }}
            onRemove={close}
            onClose={close}
          />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** Where a filter was removed, the focus goes to the next: it must not fall back to the page's beginning. */
function useFocusAfterRemoval(count: number) {
  const bar = useRef<HTMLDivElement>(null);
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    const place = wanted.current;
    wanted.current = null;
    if (place === null || bar.current === null) return;
    const terms = bar.current.querySelectorAll<HTMLElement>('.filter-pills-term');
    const next = terms[Math.min(place, terms.length - 1)];
    (next ?? bar.current.querySelector<HTMLElement>('.filter-pills-act'))?.focus();
  }, [count]);
  const focusAfter = (place: number): void => {
    if (bar.current?.contains(document.activeElement) === true) wanted.current = place;
  };
  return { bar, focusAfter };
}

import { ChevronDown, ChevronRight, Minus } from 'lucide-react';
import { type KeyboardEvent, useId, useState } from 'react';
import { Button } from 'react-aria-components';
import type { FacetRowFragment } from '#ui/graphql/generated.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { type Facet, facetTerm, pillState } from './facet-fields.ts';
import { messages } from './facet-messages.ts';

export interface FacetGroupProps {
  readonly facet: Facet;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** Most frequent first; `null` where there is no answer. */
  readonly values: readonly FacetRowFragment[] | null;
  /** Why there is none stands elsewhere. */
  readonly isFailed: boolean;
  readonly isStale: boolean;
  readonly pills: readonly string[];
  readonly onPill: (term: string) => void;
  /** What shows more or fewer of them; `null` where there are no others. */
  readonly moreTitle: string | null;
  readonly onMore: () => void;
  /** Said below the values; `null` for nothing. */
  readonly note: string | null;
}

/** The values of one field with their counts. */
export function FacetGroup(props: FacetGroupProps) {
  const { facet, isOpen, onToggle, values, isFailed, isStale, moreTitle, onMore, note } = props;
  const id = useId();
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <div role="group" className="facet-group" aria-labelledby={id}>
      <h3>
        <Button
          id={id}
          className="facet-group-title"
          aria-expanded={isOpen}
          aria-controls={`${id}-values`}
          onPress={onToggle}
        >
          <Chevron aria-hidden size={14} />
          {facet.title}
        </Button>
      </h3>
      <div id={`${id}-values`} hidden={!isOpen} data-stale={isStale} className="facet-group-values">
        {isOpen && values === null && !isFailed && <Loading what={messages.loading} />}
        {isOpen && values?.length === 0 && <p className="facet-group-note muted">{messages.none}</p>}
        {isOpen && values !== null && values.length > 0 && <Values {...props} values={values} titleId={id} />}
        {isOpen && note !== null && <p className="facet-group-note muted">{note}</p>}
        {isOpen && moreTitle !== null && (
          <Button className="facet-group-more" onPress={onMore}>
            {moreTitle}
          </Button>
        )}
      </div>
    </div>
  );
}

interface ValuesProps extends FacetGroupProps {
  readonly values: readonly FacetRowFragment[];
  readonly titleId: string;
}

/** One stop for the tab key; the arrows move inside. */
function Values({ facet, values, pills, onPill, titleId }: ValuesProps) {
  const [stop, setStop] = useState(0);
  const most = Math.max(1, ...values.map(({ count }) => count));
  const current = Math.min(stop, values.length - 1);
  return (
    // The list itself has no focus: its buttons hear the keys first.
    <ul aria-labelledby={titleId} onKeyDown={moveFocus}>
      {values.map(({ value, count }, place) => (
        <FacetValue
          key={value}
          value={value}
          count={count}
          share={count / most}
          term={facetTerm(facet, value)}
          pills={pills}
          onPill={onPill}
          isStop={place === current}
          onFocus={() => setStop(place)}
        />
      ))}
    </ul>
  );
}

interface FacetValueProps {
  readonly value: string;
  readonly count: number;
  /** Of the most frequent value's count. */
  readonly share: number;
  readonly term: string;
  readonly pills: readonly string[];
  readonly onPill: (term: string) => void;
  /** Whether the tab key stops here. */
  readonly isStop: boolean;
  readonly onFocus: () => void;
}

function FacetValue(props: FacetValueProps) {
  const { value, count, share, term, pills, onPill, isStop, onFocus } = props;
  const state = pillState(term, pills);
  const shown = visibleString(term);
  const without = `-${term}`;
  return (
    <li className="facet-group-value" data-state={state.toLowerCase()}>
      <button
        type="button"
        className="facet-group-only"
        aria-pressed={state === 'ONLY'}
        title={state === 'ONLY' ? messages.isOnly(shown) : messages.only(shown)}
        tabIndex={isStop ? 0 : -1}
        onFocus={onFocus}
        onClick={(event) => onPill(event.altKey ? without : term)}
      >
        <span className="facet-group-track">
          <span className="facet-group-bar" style={{ inlineSize: `${(100 * share).toFixed(2)}%` }} />
        </span>
        <span className="facet-group-text">
          <ShownText text={value} />
        </span>
        <span className="facet-group-count">
          {countText(count)}
          <span className="unseen"> {messages.recordsOf(count)}</span>
        </span>
      </button>
      <button
        type="button"
        className="facet-group-without"
        aria-label={messages.without(shown)}
        aria-pressed={state === 'WITHOUT'}
        title={state === 'WITHOUT' ? messages.isWithout(shown) : messages.without(shown)}
        tabIndex={-1}
        onFocus={onFocus}
        onClick={() => onPill(without)}
      >
        <Minus aria-hidden size={12} />
      </button>
    </li>
  );
}

/** Up and down go to the same button of the next value, right and left to the other button of this one. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const place = buttons.findIndex((button) => button === document.activeElement);
  if (place === -1 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const next = buttons[nextPlace(event.key, place, buttons.length) ?? -1];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** Two buttons a value. */
function nextPlace(key: string, place: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return place + 2;
    case 'ArrowUp':
      return place - 2;
    case 'ArrowRight':
      return place % 2 === 0 ? place + 1 : null;
    case 'ArrowLeft':
      return place % 2 === 1 ? place - 1 : null;
    case 'Home':
      return place % 2;
    case 'End':
      return count - 2 + (place % 2);
    default:
      return null;
  }
}

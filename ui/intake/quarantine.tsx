import { useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import type { QuarantineState } from '#ui/graphql/generated.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countOf } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { messages } from './messages.ts';
import { QuarantineTable } from './quarantine-table.tsx';
import { ReplayReport } from './replay-report.tsx';
import { useQuarantine } from './use-quarantine.ts';
import { useReplay } from './use-replay.ts';
import './quarantine.css';

const STATES: readonly QuarantineState[] = ['OPEN', 'REPLAYED', 'DISCARDED'];

/** Events that cannot be recorded, and what somebody decides about each. */
export function Quarantine({ ledger }: { readonly ledger: string }) {
  const [state, setState] = useState<QuarantineState | null>('OPEN');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const place = useRef<HTMLElement>(null);
  const { rows, error, hasMore, isLoadingMore, loadMore, refresh } = useQuarantine(ledger, state);
  const replay = useReplay(() => {
    setSelected(new Set());
    refresh();
    place.current?.focus();
  });
  const chosen = (rows ?? []).map(({ event }) => event).filter(({ id }) => selected.has(id));
  return (
    <section ref={place} className="quarantine" aria-label={messages.quarantine} tabIndex={-1}>
      <header className="quarantine-head">
        <h2>{messages.quarantine}</h2>
        <StateChoice
          state={state}
          onState={(next) => {
            setState(next);
            setSelected(new Set());
          }}
        />
        <Button
          className="button"
          isDisabled={chosen.length === 0 || replay.isRunning}
          onPress={() => replay.start(chosen)}
        >
          {chosen.length === 0
            ? messages.replayNone
            : messages.replaySelected(countOf(chosen.length, 'event', 'events'))}
        </Button>
      </header>
      <p className="muted">{messages.quarantineWhat}</p>
      <ReplayReport replay={replay} />
      {error && <Problem error={error} onRetry={refresh} />}
      {!error && rows === null && <Loading />}
      {rows?.length === 0 && (
        <p className="quarantine-empty">
          {state === null || state === 'OPEN' ? messages.quarantineNone : messages.quarantineNoneOf}
        </p>
      )}
      {rows !== null && rows.length > 0 && (
        <QuarantineTable
          ledger={ledger}
          state={state}
          rows={rows}
          selected={selected}
          onSelected={setSelected}
          isBusy={replay.isRunning}
          onReplay={(event) => replay.start([event])}
          onChange={() => {
            refresh();
            place.current?.focus();
          }}
        />
      )}
      {hasMore && (
        <Button className="button" isDisabled={isLoadingMore} onPress={loadMore}>
          {messages.more}
        </Button>
      )}
    </section>
  );
}

interface StateChoiceProps {
  readonly state: QuarantineState | null;
  readonly onState: (state: QuarantineState | null) => void;
}

function StateChoice({ state, onState }: StateChoiceProps) {
  return (
    <label className="quarantine-choice">
      {messages.show}{' '}
      <select
        className="input"
        value={state ?? 'ALL'}
        onChange={({ target }) => onState(STATES.find((name) => name === target.value) ?? null)}
      >
        {STATES.map((name) => (
          <option key={name} value={name}>
            {messages[name]}
          </option>
        ))}
        <option value="ALL">{messages.ALL}</option>
      </select>
    </label>
  );
}

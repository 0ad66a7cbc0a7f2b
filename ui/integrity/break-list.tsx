import { useState } from 'react';
import { Button } from 'react-aria-components';
import { hrefOf } from '#ui/app/route.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { VerificationBreaksDocument, type VerificationBreaksQuery } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import { isUnderWay } from './verdict.ts';
import './break-list.css';

type Break = NonNullable<VerificationBreaksQuery['verification']>['breaks'][number];

/** Breaks that are shown before somebody asks for all that are kept. */
const SHOWN_FIRST = 50;
const POLL_MS = 3_000;

/** Where a ledger contradicts itself, as one verification found it; each line opens its record. */
export function BreakList({ ledger, id }: { readonly ledger: string; readonly id: string }) {
  const [isAll, setAll] = useState(false);
  const { data, error, refetch } = useApi(
    VerificationBreaksDocument,
    { id },
    { refetchMs: (known) => (known?.verification && isUnderWay(known.verification) ? POLL_MS : false) },
  );
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const { breaks = [], breakCount = 0 } = data.verification ?? {};
  const shown = isAll ? breaks : breaks.slice(0, SHOWN_FIRST);
  return (
    <div className="break-list" role="group" aria-label={countOf(breakCount, 'break', 'breaks')}>
      <h3>{countOf(breakCount, 'break', 'breaks')}</h3>
      <ul>
        {shown.map((found, place) => (
          // One record can have the same break twice; what was found never changes its place.
          <BreakLine key={place} ledger={ledger} found={found} />
        ))}
      </ul>
      {shown.length < breaks.length && (
        <Button className="button" onPress={() => setAll(true)}>
          {messages.showAllBreaks(countText(breaks.length))}
        </Button>
      )}
      {breaks.length < breakCount && (
        <p className="muted">{messages.breaksCut(countText(breaks.length), countText(breakCount))}</p>
      )}
    </div>
  );
}

function BreakLine({ ledger, found }: { readonly ledger: string; readonly found: Break }) {
  const { index, kind, message } = found;
  return (
    <li className="break-list-line">
      <BreakPlace ledger={ledger} index={index} />
      <code>{kind}</code>
      <span>
        {messages[kind]}{' '}
        <span className="break-list-message">
          <ShownText text={message} />
        </span>
      </span>
    </li>
  );
}

function BreakPlace({ ledger, index }: { readonly ledger: string; readonly index: number | null }) {
  const { may } = useSignedIn();
  if (index === null) return <span>{messages.breakWhole}</span>;
  if (!may('records:read')) return <span>{messages.breakAt(countText(index))}</span>;
  const parameters = new URLSearchParams({ ledger, open: String(index), tab: 'proof' });
  return (
    <a href={hrefOf('search', parameters)} aria-label={messages.openRecord(countText(index))}>
      {messages.breakAt(countText(index))}
    </a>
  );
}

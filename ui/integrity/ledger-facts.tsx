import { useState, type ReactNode } from 'react';
import { systemClock } from '#server/clock.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { LedgerGrowthDocument, type LedgerIdentityQuery } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { ageText } from '#ui/parts/age-text.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { Moment } from '#ui/parts/moment.tsx';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { useNow } from '#ui/parts/use-now.ts';
import { messages } from './messages.ts';
import './ledger-facts.css';

export type Identity = NonNullable<LedgerIdentityQuery['ledger']>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** What a ledger is and how large: everything that can be pinned elsewhere stands with its copy button. */
export function LedgerFacts({ ledger }: { readonly ledger: Identity }) {
  const { may } = useSignedIn();
  const { id, size, checkpoint, root, origin, vkey, createdAt } = ledger;
  return (
    <dl className="ledger-facts">
      <Fact name={messages.size}>{countOf(size, 'record', 'records')}</Fact>
      {may('records:read') && (
        <Fact name={messages.growth}>
          <Growth ledger={id} size={size} />
        </Fact>
      )}
      <Fact name={messages.checkpoint}>
        {checkpoint === null ? (
          messages.checkpointNone
        ) : (
          <CheckpointAge checkpoint={checkpoint} size={size} />
        )}
      </Fact>
      <Fact name={messages.createdAt}>
        <Moment at={createdAt} />
      </Fact>
      <CopyFact name={messages.root} text={root} what={messages.theRoot} />
      <CopyFact name={messages.origin} text={origin} what={messages.theOrigin} />
      <CopyFact name={messages.vkey} text={vkey} what={messages.theVkey} />
    </dl>
  );
}

interface FactProps {
  readonly name: string;
  readonly children: ReactNode;
}

function Fact({ name, children }: FactProps) {
  return (
    <div className="ledger-facts-fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface CopyFactProps {
  readonly name: string;
  readonly text: string;
  /** For the button, e.g. `the root`. */
  readonly what: string;
}

function CopyFact({ name, text, what }: CopyFactProps) {
  return (
    <div className="ledger-facts-fact ledger-facts-long">
      <dt>{name}</dt>
      <dd className="mono">
        <ShownText text={text} />
        <CopyButton text={text} what={what} />
      </dd>
    </div>
  );
}

/** Records of the last 24 hours, by when they were recorded: counted by the appliance, exactly. */
function Growth({ ledger, size }: { readonly ledger: string; readonly size: number }) {
  const [since] = useState(() => new Date(systemClock() - DAY_MS).toISOString());
  const { data, error } = useApi(LedgerGrowthDocument, { ledger, since }, { refetchMs: MINUTE_MS });
  if (error) return <span className="ledger-facts-problem">{error.message}</span>;
  if (!data) return <span className="muted">…</span>;
  const { totalCount, indexedThrough } = data.records;
  return (
    <>
      {messages.growthRecorded(countText(totalCount))}
      {indexedThrough < size - 1 && (
        <small className="muted"> · {messages.growthThrough(countText(indexedThrough))}</small>
      )}
    </>
  );
}

interface CheckpointAgeProps {
  readonly checkpoint: NonNullable<Identity['checkpoint']>;
  readonly size: number;
}

function CheckpointAge({ checkpoint, size }: CheckpointAgeProps) {
  const now = useNow(MINUTE_MS / 4);
  const age = ageText(checkpoint.createdAt, now);
  return (
    <>
      <span title={checkpoint.createdAt}>
        {messages.checkpointCovers(
          countOf(checkpoint.size, 'record', 'records'),
          age === null ? messages.justNow : messages.ago(age),
        )}
      </span>
      {checkpoint.size < size && (
        <small className="muted"> · {messages.notCovered(countText(size - checkpoint.size))}</small>
      )}
    </>
  );
}

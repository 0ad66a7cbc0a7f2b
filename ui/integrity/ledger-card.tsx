import { hrefOf } from '#ui/app/route.ts';
import { LedgerIdentityDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { ageText } from '#ui/parts/age-text.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countOf } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { useNow } from '#ui/parts/use-now.ts';
import type { Identity } from './ledger-facts.tsx';
import { LedgerVerdict } from './ledger-verdict.tsx';
import { messages } from './messages.ts';
import { useVerdict } from './use-verdict.ts';
import './ledger-card.css';

const LOOK_MS = 30_000;

/** One ledger in short: how it stands with it, how large, and the way to all the rest. */
export function LedgerCard({ ledger: id }: { readonly ledger: string }) {
  const { data, error, refetch } = useApi(LedgerIdentityDocument, { ledger: id }, { refetchMs: LOOK_MS });
  return (
    <li className="ledger-card">
      <h3>
        <a
          className="mono"
          href={hrefOf('integrity', new URLSearchParams({ ledger: id }))}
          aria-label={messages.openLedger(id)}
        >
          {id}
        </a>
      </h3>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Loading />}
      {data?.ledger && <CardFacts ledger={data.ledger} />}
    </li>
  );
}

function CardFacts({ ledger }: { readonly ledger: Identity }) {
  const { name, size, checkpoint } = ledger;
  const now = useNow(LOOK_MS);
  const state = useVerdict(ledger.id);
  const age = checkpoint === null ? null : ageText(checkpoint.createdAt, now);
  return (
    <>
      {name !== null && (
        <p className="muted">
          <ShownText text={name} />
        </p>
      )}
      <LedgerVerdict ledger={ledger} state={state} />
      <p className="ledger-card-facts">
        <span>{countOf(size, 'record', 'records')}</span>
        <span className="muted">
          {messages.checkpoint}: {checkpoint === null && messages.checkpointNone}
          {checkpoint !== null && (age === null ? messages.justNow : messages.ago(age))}
        </span>
      </p>
    </>
  );
}

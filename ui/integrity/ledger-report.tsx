import { type ReactNode, useCallback, useState } from 'react';
import { Button } from 'react-aria-components';
import { useCommands } from '#ui/app/commands.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { LedgerIdentityDocument, StartVerificationDocument } from '#ui/graphql/generated.ts';
import { useApi, useApiMutation } from '#ui/graphql/use-api.ts';
import { announce, notify } from '#ui/parts/announce.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { BreakList } from './break-list.tsx';
import { CheckpointHistory } from './checkpoint-history.tsx';
import { type Identity, LedgerFacts } from './ledger-facts.tsx';
import { LedgerVerdict } from './ledger-verdict.tsx';
import { messages } from './messages.ts';
import { StartVerification, type StartVerificationProps } from './start-verification.tsx';
import { useVerdict, type VerdictState } from './use-verdict.ts';
import { isUnderWay, isWhole } from './verdict.ts';
import { VerificationList } from './verification-list.tsx';
import { VerificationRun } from './verification-run.tsx';
import { WitnessList } from './witness-list.tsx';
import './ledger-report.css';

const LOOK_MS = 10_000;
/** Verifications that are listed before somebody asks for all. */
const LISTED_FIRST = 10;

/** Everything that can be said of one ledger's integrity, and the means to check it. */
export function LedgerReport({ ledger: id }: { readonly ledger: string }) {
  const { data, error, refetch } = useApi(LedgerIdentityDocument, { ledger: id }, { refetchMs: LOOK_MS });
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.ledger === null) return <p className="muted">{messages.noLedger}</p>;
  return <Report ledger={data.ledger} />;
}

function Report({ ledger }: { readonly ledger: Identity }) {
  const { may } = useSignedIn();
  const [isAll, setAll] = useState(false);
  const state = useVerdict(ledger.id);
  const { verifications, refresh } = state;
  const listed = isAll ? verifications : verifications.slice(0, LISTED_FIRST);
  const { start, isStarting } = useStart(ledger.id, state);
  return (
    <article className="ledger-report" aria-label={ledger.id}>
      <header className="ledger-report-head">
        <h2 className="mono">{ledger.id}</h2>
        {ledger.name !== null && (
          <span className="muted">
            <ShownText text={ledger.name} />
          </span>
        )}
      </header>
      <LedgerVerdict ledger={ledger} state={state} />
      {may('ledgers:verify') && (
        <StartVerification size={ledger.size} isStarting={isStarting} onStart={start} />
      )}
      {verifications.filter(isUnderWay).map((verification) => (
        <VerificationRun key={verification.id} verification={verification} onEnd={refresh} />
      ))}
      <NewestBreaks ledger={ledger.id} state={state} />
      <LedgerFacts ledger={ledger} />
      <Part title={messages.witnesses}>
        <WitnessList witnesses={ledger.witnesses} />
      </Part>
      {may('ledgers:verify') && (
        <Part title={messages.verifications}>
          <VerificationList ledger={ledger.id} verifications={listed} />
          {listed.length < verifications.length && (
            <Button className="button" onPress={() => setAll(true)}>
              {messages.moreVerifications}
            </Button>
          )}
        </Part>
      )}
      <Part title={messages.checkpoints}>
        <CheckpointHistory ledger={ledger.id} newest={ledger.checkpoint?.size ?? 0} />
      </Part>
    </article>
  );
}

/** A break is seen at once: it does not wait behind a line that has to be opened. */
function NewestBreaks({ ledger, state }: { readonly ledger: string; readonly state: VerdictState }) {
  const { verdict, last, verifications } = state;
  if (verdict?.tone !== 'BROKEN') return null;
  const found = verifications.find(({ breakCount }) => breakCount > 0) ?? last;
  return found === null ? null : <BreakList key={found.id} ledger={ledger} id={found.id} />;
}

function useStart(ledger: string, { verifications, refresh }: VerdictState) {
  const { may } = useSignedIn();
  const mutation = useApiMutation(StartVerificationDocument, () => {
    announce(messages.started);
    refresh();
  });
  const { mutate, isPending } = mutation;
  const start = useCallback<StartVerificationProps['onStart']>(
    (range) => {
      const onError = ({ message }: Error): void => notify(message, 'PROBLEM');
      mutate({ ledger, from: range?.from ?? null, to: range?.to ?? null }, { onError });
    },
    [ledger, mutate],
  );
  const verify = {
    id: 'integrity.verify',
    title: messages.verifyCommand,
    group: messages.group,
    keys: ['v'],
    run: () => {
      if (verifications.some((one) => isUnderWay(one) && isWhole(one))) notify(messages.alreadyRuns);
      else if (!isPending) start();
    },
  };
  useCommands(may('ledgers:verify') ? [verify] : []);
  return { start, isStarting: isPending };
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="ledger-report-part" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

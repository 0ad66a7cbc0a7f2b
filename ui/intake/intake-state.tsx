import { IntakeStateDocument, type IntakeStateQuery } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { ageText } from '#ui/parts/age-text.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { messages } from './messages.ts';
import { ThroughputChart } from './throughput-chart.tsx';
import './intake-state.css';

export type IntakeLedger = NonNullable<IntakeStateQuery['ledger']>;

/** While the page is seen; hidden, nothing is asked. */
const LOOK_MS = 3_000;

/** Where every accepted event is, how long the queue is, and how fast it is worked off. */
export function IntakeState({ ledger }: { readonly ledger: string }) {
  const { data, error, refetch, dataUpdatedAt } = useApi(
    IntakeStateDocument,
    { ledger },
    { refetchMs: LOOK_MS },
  );
  const found = data?.ledger;
  return (
    <>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Loading />}
      {data?.ledger === null && <p className="muted">{messages.noLedger}</p>}
      {found && (
        <>
          <Sum intake={found.intake} />
          <Facts ledger={found} atMs={dataUpdatedAt} />
          <ThroughputChart throughput={found.intake.throughput} />
        </>
      )}
    </>
  );
}

/** accepted = recorded + quarantined + waiting, and what to think where it is not. */
function Sum({ intake }: { readonly intake: IntakeLedger['intake'] }) {
  const { accepted, recorded, quarantined, discarded, waiting } = intake;
  const missing = accepted - recorded - quarantined - waiting;
  return (
    <section className="intake-state-sum" aria-label={messages.title}>
      <p className="intake-state-terms">
        <Term count={accepted} name={messages.accepted} />
        <span className="intake-state-sign">=</span>
        <Term count={recorded} name={messages.recorded} />
        <span className="intake-state-sign">+</span>
        <Term count={quarantined} name={messages.quarantined} />
        <span className="intake-state-sign">+</span>
        <Term count={waiting} name={messages.waiting} />
      </p>
      {missing === 0 ? (
        <p className="muted">
          {messages.adds} {discarded > 0 && messages.discarded(countText(discarded))}
        </p>
      ) : (
        <p className="intake-state-alarm" role="alert">
          {messages.addsNot(missingText(missing))}
        </p>
      )}
    </section>
  );
}

function Term({ count, name }: { readonly count: number; readonly name: string }) {
  return (
    <span className="intake-state-term">
      <strong>{countText(count)}</strong> <span>{name}</span>
    </span>
  );
}

function missingText(missing: number): string {
  const events = countOf(Math.abs(missing), 'event', 'events');
  return missing > 0 ? messages.unaccounted(events) : messages.tooMany(events);
}

const MINUTES_FEW = 5;

function Facts({ ledger, atMs }: { readonly ledger: IntakeLedger; readonly atMs: number }) {
  const { size, indexedSize, intake } = ledger;
  const { waiting, waitingSince, throughput } = intake;
  const lag = Math.max(0, size - indexedSize);
  const age = waitingSince === null ? null : ageText(waitingSince, atMs);
  const sumOf = (some: typeof throughput): number => some.reduce((sum, { recorded }) => sum + recorded, 0);
  const lately = sumOf(throughput.slice(-MINUTES_FEW)) / MINUTES_FEW;
  return (
    <dl className="intake-state-facts">
      <div>
        <dt>{messages.queueDepth}</dt>
        <dd>
          {waiting === 0
            ? messages.queueEmpty
            : messages.queue(countOf(waiting, 'event', 'events'), age ?? '< 1 s')}
        </dd>
      </div>
      <div>
        <dt>{messages.indexLag}</dt>
        <dd>{lag === 0 ? messages.indexCurrent : messages.indexBehind(countOf(lag, 'record', 'records'))}</dd>
      </div>
      <div>
        <dt>{messages.lastHour}</dt>
        <dd>{messages.recordsInHour(countText(sumOf(throughput)))}</dd>
      </div>
      <div>
        <dt>{messages.lastMinutes}</dt>
        <dd>{messages.perMinute(countText(Math.round(lately)))}</dd>
      </div>
    </dl>
  );
}

import type { LedgerIdentityQuery } from '#ui/graphql/generated.ts';
import { Moment } from '#ui/parts/moment.tsx';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import './witness-list.css';

type Witness = NonNullable<LedgerIdentityQuery['ledger']>['witnesses'][number];

/** Who confirms the ledger's history from outside, and how it stands with each. */
export function WitnessList({ witnesses }: { readonly witnesses: readonly Witness[] }) {
  if (witnesses.length === 0) return <p className="muted">{messages.noWitness}</p>;
  return (
    <ul className="witness-list">
      {witnesses.map((witness) => (
        <li key={witness.name} className="witness-list-entry" data-tone={toneOf(witness)}>
          <strong>
            <ShownText text={witness.name} />
          </strong>
          <span className="witness-list-state">
            <ShownText text={stateText(witness)} />
          </span>
          <span className="muted">
            {messages.cosigned}{' '}
            {witness.cosignedAt === null ? (
              messages.cosignedNever
            ) : (
              <>
                {messages.cosignedOf(countOf(witness.cosignedSize, 'record', 'records'))} ·{' '}
                <Moment at={witness.cosignedAt} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function toneOf({ refusal, trouble }: Witness): string {
  if (refusal !== null) return 'broken';
  return trouble === null ? 'neutral' : 'attention';
}

function stateText({ refusal, refusedSize, trouble, cosignedAt }: Witness): string {
  if (refusal !== null) {
    return messages.witnessRefused(refusedSize === null ? '?' : countText(refusedSize), refusal);
  }
  if (trouble !== null) return messages.witnessTrouble(trouble);
  return cosignedAt === null ? messages.witnessWaits : messages.witnessCosigns;
}

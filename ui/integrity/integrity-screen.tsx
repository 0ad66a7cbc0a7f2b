import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { countText } from '#ui/parts/number-text.ts';
import { LedgerCard } from './ledger-card.tsx';
import { LedgerReport } from './ledger-report.tsx';
import { messages } from './messages.ts';
import './integrity-screen.css';

/** Cards that are shown at once: each asks for its own ledger. */
const CARDS_FIRST = 12;

/** Integrity: the ledger at hand with all that is known of it, the others in short. */
export function IntegrityScreen({ ledger }: { readonly ledger: string }) {
  const { ledgers } = useSignedIn();
  const [shown, setShown] = useState(CARDS_FIRST);
  const others = ledgers.filter(({ id }) => id !== ledger);
  const rest = others.length - shown;
  return (
    <div className="integrity-screen">
      <div className="integrity-screen-column">
        <h1>{messages.title}</h1>
        <LedgerReport ledger={ledger} />
        {others.length > 0 && (
          <section className="integrity-screen-others" aria-label={messages.otherLedgers}>
            <h2>{messages.otherLedgers}</h2>
            <ul>
              {others.slice(0, shown).map(({ id }) => (
                <LedgerCard key={id} ledger={id} />
              ))}
            </ul>
            {rest > 0 && (
              <Button className="button" onPress={() => setShown(shown + CARDS_FIRST)}>
                {messages.showMore(countText(Math.min(rest, CARDS_FIRST)))}
              </Button>
            )}
          </section>
        )}
      </div>
    </div>
  );
}

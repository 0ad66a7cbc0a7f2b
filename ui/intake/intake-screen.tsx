import { useSignedIn } from '#ui/app/viewer.tsx';
import { IntakeState } from './intake-state.tsx';
import { messages } from './messages.ts';
import { Quarantine } from './quarantine.tsx';
import './intake-screen.css';

/** Intake: where every accepted event is, and what is to be decided about those that cannot be recorded. */
export function IntakeScreen({ ledger }: { readonly ledger: string }) {
  const { may } = useSignedIn();
  return (
    <div className="intake-screen">
      <div className="intake-screen-column">
        <h1>{messages.title}</h1>
        {may('records:read') ? (
          <IntakeState ledger={ledger} />
        ) : (
          <p className="muted">{messages.stateHidden}</p>
        )}
        {may('admin') ? <Quarantine ledger={ledger} /> : <p className="muted">{messages.quarantineHidden}</p>}
      </div>
    </div>
  );
}

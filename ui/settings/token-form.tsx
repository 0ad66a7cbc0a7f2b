import { type ReactNode, useState } from 'react';
import { Button } from 'react-aria-components';
import { systemClock } from '#server/clock.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { CreateTokenDocument } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { messages } from './messages.ts';
import { EXPIRIES, type Expiry, type TokenDraft, tokenProblem, tokenVariables } from './token-draft.ts';
import type { CreatedToken } from './token-settings.tsx';
import './token-form.css';

/** Longest name that the appliance takes. */
const NAME_MAX = 1_024;

/** Asks what a new token is to be called, to do and to reach, and makes it. */
export function TokenForm({ onMade }: { readonly onMade: (created: CreatedToken) => void }) {
  const { viewer, ledgers } = useSignedIn();
  const [draft, setDraft] = useState<TokenDraft>({ name: '', scopes: [], ledgers: [], expiry: 'DAYS_90' });
  const [problem, setProblem] = useState<string | null>(null);
  const create = useApiMutation(CreateTokenDocument, ({ createToken }) => {
    onMade(createToken);
    // The secret stays nowhere but where it is shown.
    create.reset();
  });
  const change = (changes: Partial<TokenDraft>): void => setDraft({ ...draft, ...changes });
  const submit = (): void => {
    const found = tokenProblem(draft);
    setProblem(found);
    if (found === null && !create.isPending) create.mutate(tokenVariables(draft, systemClock()));
  };
  const reachable = viewer.ledgers.includes('*') ? ledgers.map(({ id }) => id) : viewer.ledgers;
  return (
    <form
      className="token-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="field">
        {messages.tokenName}
        <input
          className="input"
          value={draft.name}
          maxLength={NAME_MAX}
          autoFocus
          onChange={({ target }) => change({ name: target.value })}
        />
      </label>
      <Choices
        title={messages.tokenScopes}
        values={viewer.scopes}
        chosen={draft.scopes}
        onChosen={(scopes) => change({ scopes })}
        shown={(scope) => <ScopeText scope={scope} />}
      />
      <Choices
        title={messages.tokenLedgers}
        values={viewer.ledgers.includes('*') ? ['*', ...reachable] : reachable}
        chosen={draft.ledgers}
        // All of them is said alone.
        onChosen={(chosen) =>
          change({
            ledgers: chosen.includes('*') && !draft.ledgers.includes('*') ? ['*'] : withoutAll(chosen),
          })
        }
        shown={(id) => (id === '*' ? messages.everyLedger : <code>{id}</code>)}
      />
      <ExpiryChoice expiry={draft.expiry} onExpiry={(expiry) => change({ expiry })} />
      {problem !== null && (
        <p className="token-form-problem" role="alert">
          {problem}
        </p>
      )}
      {create.error && <Problem error={create.error} />}
      <Button type="submit" className="button primary" isDisabled={create.isPending}>
        {messages.create}
      </Button>
    </form>
  );
}

function withoutAll(chosen: readonly string[]): readonly string[] {
  return chosen.length > 1 ? chosen.filter((id) => id !== '*') : chosen;
}

interface ChoicesProps {
  readonly title: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
  readonly onChosen: (chosen: readonly string[]) => void;
  readonly shown: (value: string) => ReactNode;
}

function Choices({ title, values, chosen, onChosen, shown }: ChoicesProps) {
  const toggle = (value: string): void =>
    onChosen(values.filter((other) => chosen.includes(other) !== (other === value)));
  return (
    <fieldset className="token-form-choices">
      <legend>{title}</legend>
      <div>
        {values.map((value) => (
          <label key={value}>
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
            <span>{shown(value)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function ScopeText({ scope }: { readonly scope: string }) {
  const meaning: unknown = Object.hasOwn(messages, scope) ? Reflect.get(messages, scope) : null;
  return (
    <>
      <code>{scope}</code> {typeof meaning === 'string' && <span className="muted">{meaning}</span>}
    </>
  );
}

interface ExpiryChoiceProps {
  readonly expiry: Expiry;
  readonly onExpiry: (expiry: Expiry) => void;
}

function ExpiryChoice({ expiry, onExpiry }: ExpiryChoiceProps) {
  return (
    <label className="field">
      {messages.tokenExpiry}
      <select
        className="input"
        value={expiry}
        onChange={({ target }) => onExpiry(EXPIRIES.find((one) => one === target.value) ?? expiry)}
      >
        {EXPIRIES.map((one) => (
          <option key={one} value={one}>
            {expiryText(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

function expiryText(expiry: Expiry): string {
  switch (expiry) {
    case 'NEVER':
      return messages.never;
    case 'DAYS_1':
      return messages.oneDay;
    case 'DAYS_30':
      return messages.days(countText(30));
    case 'DAYS_90':
      return messages.days(countText(90));
    case 'DAYS_365':
      return messages.oneYear;
  }
}

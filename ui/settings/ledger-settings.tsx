import { useState } from 'react';
import { Button } from 'react-aria-components';
import { hrefOf } from '#ui/app/route.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { CreateLedgerDocument } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import { SettingsPart } from './settings-part.tsx';
import './ledger-settings.css';

/** What the appliance takes as the id of a ledger. */
const LEDGER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NAME_MAX = 1_024;
const SHOWN_STEP = 50;

/** Ledgers of the appliance, and a form for another one. */
export function LedgerSettings() {
  const { ledgers } = useSignedIn();
  const [shown, setShown] = useState(SHOWN_STEP);
  const rest = ledgers.length - shown;
  return (
    <SettingsPart title={messages.ledgers} what={messages.ledgersWhat}>
      <LedgerForm />
      <ul className="ledger-settings-list">
        {ledgers.slice(0, shown).map(({ id, name, size }) => (
          <li key={id}>
            <a
              className="mono"
              href={hrefOf('search', new URLSearchParams({ ledger: id }))}
              aria-label={messages.openLedger(id)}
            >
              {id}
            </a>
            <span>{name !== null && <ShownText text={name} />}</span>
            <span className="muted">{countOf(size, 'record', 'records')}</span>
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <Button className="button" onPress={() => setShown(shown + SHOWN_STEP)}>
          {messages.more(countText(Math.min(rest, SHOWN_STEP)))}
        </Button>
      )}
    </SettingsPart>
  );
}

function LedgerForm() {
  const { refreshLedgers } = useSignedIn();
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [isWrong, setWrong] = useState(false);
  const create = useApiMutation(CreateLedgerDocument, ({ createLedger }) => {
    notify(messages.ledgerCreated(createLedger.id));
    setId('');
    setName('');
    refreshLedgers();
  });
  const submit = (): void => {
    const isRight = LEDGER_ID.test(id);
    setWrong(!isRight);
    if (isRight && !create.isPending) create.mutate({ id, name: name.trim() === '' ? null : name.trim() });
  };
  return (
    <form
      className="ledger-settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="field">
        {messages.ledgerId}
        <input
          className="input mono"
          value={id}
          aria-invalid={isWrong}
          aria-describedby="ledger-settings-id-what"
          onChange={({ target }) => setId(target.value)}
        />
      </label>
      <label className="field">
        {messages.ledgerName}
        <input
          className="input"
          value={name}
          maxLength={NAME_MAX}
          onChange={({ target }) => setName(target.value)}
        />
      </label>
      <Button type="submit" className="button" isDisabled={create.isPending}>
        {messages.createLedger}
      </Button>
      <p id="ledger-settings-id-what" className={isWrong ? 'ledger-settings-wrong' : 'muted'}>
        {isWrong ? messages.ledgerIdWrong : messages.ledgerIdWhat}
      </p>
      {create.error && <Problem error={create.error} />}
    </form>
  );
}

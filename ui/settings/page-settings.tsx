import { type Preferences, setPreferences, usePreferences } from '#ui/app/preferences.ts';
import { notify } from '#ui/parts/announce.ts';
import { ConfirmButton } from '#ui/parts/confirm-button.tsx';
import { messages } from './messages.ts';
import { SettingsPart } from './settings-part.tsx';
import './page-settings.css';

/** What the person chose for this page, kept in this browser. */
export function PageSettings() {
  const chosen = usePreferences();
  return (
    <SettingsPart title={messages.page} what={messages.pageWhat}>
      <Choice
        title={messages.theme}
        name="theme"
        values={['SYSTEM', 'LIGHT', 'DARK']}
        value={chosen.theme}
        onValue={(theme) => setPreferences({ theme })}
      />
      <Choice
        title={messages.zone}
        name="zone"
        values={['LOCAL', 'UTC']}
        value={chosen.zone}
        onValue={(zone) => setPreferences({ zone })}
      />
      <Choice
        title={messages.rows}
        name="rows"
        values={['COMFORTABLE', 'COMPACT']}
        value={chosen.rows}
        onValue={(rows) => setPreferences({ rows })}
      />
      <div className="page-settings-keys">
        <label className="page-settings-switch">
          <input
            type="checkbox"
            role="switch"
            checked={chosen.singleKeys}
            onChange={({ target }) => setPreferences({ singleKeys: target.checked })}
          />
          {messages.singleKeys}
        </label>
        <p className="muted">{messages.singleKeysWhat}</p>
      </div>
      <div>
        <ConfirmButton
          label={messages.forget}
          question={messages.forgetQuestion}
          consequence={messages.forgetWhat}
          cancelLabel={messages.cancel}
          onConfirm={() => {
            setPreferences({ searches: [], columns: null, columnWidths: {} });
            notify(messages.forgotten);
          }}
        />
      </div>
    </SettingsPart>
  );
}

type Chosen = Preferences['theme' | 'zone' | 'rows'];

interface ChoiceProps<Value extends Chosen> {
  readonly title: string;
  readonly name: string;
  readonly values: readonly Value[];
  readonly value: Value;
  readonly onValue: (value: Value) => void;
}

/** One of a few, all of them in sight. */
function Choice<Value extends Chosen>({ title, name, values, value: chosen, onValue }: ChoiceProps<Value>) {
  return (
    <fieldset className="page-settings-choice">
      <legend>{title}</legend>
      {values.map((value) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === chosen} onChange={() => onValue(value)} />
          {messages[value]}
        </label>
      ))}
    </fieldset>
  );
}

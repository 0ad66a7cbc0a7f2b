import { Button } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { Moment } from '#ui/parts/moment.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import { SettingsPart } from './settings-part.tsx';

/** Who is signed in, what that lets them do, and the way out. */
export function SessionSettings() {
  const { viewer, signOut } = useSignedIn();
  const { name, scopes, ledgers, sessionExpiresAt } = viewer;
  return (
    <SettingsPart title={messages.session}>
      <p>
        <ShownText text={messages.signedInAs(name)} />
      </p>
      <dl className="settings-part-facts">
        <dt>{messages.mayDo}</dt>
        <dd>
          {scopes.length === 0 && messages.mayNothing}
          {scopes.map((scope) => (
            <code key={scope}>{scope}</code>
          ))}
        </dd>
        <dt>{messages.onLedgers}</dt>
        <dd>{ledgers.map((id) => (id === '*' ? messages.allLedgers : <code key={id}>{id}</code>))}</dd>
        {sessionExpiresAt !== null && (
          <>
            <dt>{messages.sessionEnds}</dt>
            <dd>
              <Moment at={sessionExpiresAt} />
            </dd>
          </>
        )}
      </dl>
      {sessionExpiresAt === null ? (
        <p className="muted">{messages.sessionBearer}</p>
      ) : (
        <Button className="button" onPress={signOut}>
          {messages.signOut}
        </Button>
      )}
    </SettingsPart>
  );
}

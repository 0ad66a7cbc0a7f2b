import { CircleUser } from 'lucide-react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { timeText, type Zone } from '#ui/parts/time-text.ts';
import { visibleString } from '#ui/parts/visible-text.ts';
import { usePreferences } from './preferences.ts';
import { messages } from './shell-messages.ts';
import { useSignedIn } from './viewer.tsx';
import './account-menu.css';

/** Who is signed in, what that token may do, and the way out. */
export function AccountMenu() {
  const { viewer, appliance, signOut } = useSignedIn();
  const { zone } = usePreferences();
  return (
    <DialogTrigger>
      <Button className="button plain" aria-label={messages.accountOf(visibleString(viewer.name))}>
        <CircleUser aria-hidden size={16} />
      </Button>
      <Popover className="popover account-menu" placement="bottom end">
        <Dialog className="account-menu-dialog" aria-label={messages.account}>
          <dl className="account-menu-facts">
            <dt>{messages.token}</dt>
            <dd>
              <ShownText text={viewer.name} />
            </dd>
            <dt>{messages.mayDo}</dt>
            <dd>
              {viewer.scopes.length === 0 && messages.mayNothing}
              {viewer.scopes.map((scope) => (
                <code key={scope}>{scope}</code>
              ))}
            </dd>
            <dt>{messages.ledgers}</dt>
            <dd>
              {viewer.ledgers.map((ledger) => (
                <code key={ledger}>{ledger}</code>
              ))}
            </dd>
          </dl>
          {viewer.sessionExpiresAt !== null && (
            <p className="muted">{messages.sessionUntil(minuteText(viewer.sessionExpiresAt, zone))}</p>
          )}
          <footer className="account-menu-end">
            <span className="muted">{messages.version(appliance.version)}</span>
            <Button className="button" onPress={signOut}>
              {messages.signOut}
            </Button>
          </footer>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function minuteText(rfc3339: string, zone: Zone): string {
  return timeText(rfc3339, zone).replace(/:\d\d\.\d{3}(?= )/, '');
}

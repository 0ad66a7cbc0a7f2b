import { useSignedIn } from '#ui/app/viewer.tsx';
import { AboutSettings } from './about-settings.tsx';
import { DesktopSettings } from './desktop-settings.tsx';
import { LedgerSettings } from './ledger-settings.tsx';
import { messages } from './messages.ts';
import { PageSettings } from './page-settings.tsx';
import { SessionSettings } from './session-settings.tsx';
import { TokenSettings } from './token-settings.tsx';
import './settings-screen.css';

/** Settings: of this page, of this session and, for administrators, of the appliance. */
export function SettingsScreen() {
  const { may } = useSignedIn();
  return (
    <div className="settings-screen">
      <div className="settings-screen-column">
        <h1>{messages.title}</h1>
        <PageSettings />
        <SessionSettings />
        <DesktopSettings />
        {may('admin') && <TokenSettings />}
        {may('admin') && <LedgerSettings />}
        <AboutSettings />
      </div>
    </div>
  );
}

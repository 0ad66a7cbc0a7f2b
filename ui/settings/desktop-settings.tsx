import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { notify } from '#ui/parts/announce.ts';
import { type DesktopBridge, desktopBridge, type DesktopVersions } from './desktop-bridge.ts';
import { messages } from './messages.ts';
import { SettingsPart } from './settings-part.tsx';
import './desktop-settings.css';

/** The way to the settings of the desktop app; nothing in a browser. */
export function DesktopSettings() {
  const bridge = desktopBridge();
  return bridge === null ? null : <Part bridge={bridge} />;
}

function Part({ bridge }: { readonly bridge: DesktopBridge }) {
  const [versions, setVersions] = useState<DesktopVersions | null>(null);
  useEffect(() => {
    const fail = (): void => notify(messages.desktopFailed, 'PROBLEM');
    bridge.versions().then(setVersions, fail);
  }, [bridge]);
  const ask = (answer: Promise<void>): void => {
    answer.catch(() => notify(messages.desktopFailed, 'PROBLEM'));
  };
  return (
    <SettingsPart title={messages.desktop} what={messages.desktopWhat}>
      {versions !== null && (
        <dl className="settings-part-facts">
          <dt>{messages.desktopApp}</dt>
          <dd>{messages.desktopVersions(versions.app, versions.electron, versions.chromium)}</dd>
        </dl>
      )}
      <div className="desktop-settings-acts">
        <Button className="button" onPress={() => ask(bridge.openSettings())}>
          {messages.desktopOpen}
        </Button>
        <Button className="button" onPress={() => ask(bridge.openEvidence())}>
          {messages.evidenceOpen}
        </Button>
      </div>
    </SettingsPart>
  );
}

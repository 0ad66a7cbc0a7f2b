import { useSignedIn } from '#ui/app/viewer.tsx';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import { SettingsPart } from './settings-part.tsx';
import './about-settings.css';

/** What runs here, and where it keeps what it knows. */
export function AboutSettings() {
  const { version, storage, dataDir, readOnly } = useSignedIn().appliance;
  return (
    <SettingsPart title={messages.about}>
      <dl className="settings-part-facts">
        <dt>{messages.version}</dt>
        <dd>{version}</dd>
        <dt>{messages.storage}</dt>
        <dd>{messages[storage]}</dd>
        {dataDir !== null && (
          <>
            <dt>{messages.dataDir}</dt>
            <dd className="mono">
              <ShownText text={dataDir} />
              <CopyButton text={dataDir} what={messages.theDataDir} />
            </dd>
          </>
        )}
        <dt>{messages.recording}</dt>
        <dd>
          {readOnly === null ? (
            messages.recordingOn
          ) : (
            <span className="about-settings-stopped">
              <ShownText text={readOnly} />
            </span>
          )}
        </dd>
      </dl>
    </SettingsPart>
  );
}

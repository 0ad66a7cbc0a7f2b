import { useEffect, useState } from 'react';
import { Button, Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { FirstRunSizeDocument, FirstRunTokenDocument } from '#ui/graphql/generated.ts';
import { BASE } from '#ui/graphql/request.ts';
import { useApi, useApiMutation } from '#ui/graphql/use-api.ts';
import { announce } from '#ui/parts/announce.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { DemoOffer } from './demo-offer.tsx';
import { curlCode, eventsUrl, typescriptCode } from './first-event-code.ts';
import { messages } from './messages.ts';
import './first-run.css';

export interface FirstRunProps {
  readonly ledger: string;
  /** The ledger has a record. */
  readonly onFirstRecord: () => void;
}

/** How often the ledger is asked whether something has come. */
const ASK_MS = 1_500;

/** What a person does with an empty ledger: make a token, send an event, see it arrive; or look at a demo. */
export function FirstRun({ ledger, onFirstRecord }: FirstRunProps) {
  const [token, setToken] = useState<string | null>(null);
  const { may } = useSignedIn();
  return (
    <div className="first-run">
      <div className="first-run-page">
        <header className="first-run-head">
          <h1>{messages.title}</h1>
          <p>{messages.intro(ledger)}</p>
        </header>
        <ol className="first-run-steps">
          <li className="first-run-step">
            <h2>{messages.tokenTitle}</h2>
            {may('admin') ? (
              <TokenMaker ledger={ledger} token={token} onToken={setToken} />
            ) : (
              <TokenAdvice ledger={ledger} />
            )}
          </li>
          <li className="first-run-step">
            <h2>{messages.codeTitle}</h2>
            <EventCode ledger={ledger} token={token} />
          </li>
          <li className="first-run-step">
            <h2>{messages.waitTitle}</h2>
            <Waiting ledger={ledger} onFirstRecord={onFirstRecord} />
          </li>
        </ol>
        <DemoOffer />
      </div>
    </div>
  );
}

interface TokenMakerProps {
  readonly ledger: string;
  readonly token: string | null;
  readonly onToken: (secret: string) => void;
}

function TokenMaker({ ledger, token, onToken }: TokenMakerProps) {
  const making = useApiMutation(FirstRunTokenDocument, ({ createToken }) => onToken(createToken.secret));
  if (token !== null) {
    return (
      <>
        <p>{messages.tokenOnce}</p>
        <CodeLine text={token} what={messages.theToken} />
      </>
    );
  }
  return (
    <>
      <p>{messages.tokenIntro(ledger)}</p>
      <Button
        className="button primary"
        isPending={making.isPending}
        onPress={() => making.mutate({ name: messages.tokenName(ledger), ledgers: [ledger] })}
      >
        {making.isPending ? messages.makingToken : messages.makeToken}
      </Button>
      {making.error && <Problem error={making.error} />}
    </>
  );
}

function TokenAdvice({ ledger }: { readonly ledger: string }) {
  const { may } = useSignedIn();
  const command = `npx indelible token create --name app --scope events:write --ledger ${ledger}`;
  return (
    <>
      <p>{messages.tokenNotYours}</p>
      <CodeLine text={command} what={messages.theCommand} />
      {may('events:write') && <p>{messages.tokenWritesAlready}</p>}
    </>
  );
}

function CodeLine({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div className="first-run-code">
      <pre>{text}</pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

function EventCode({ ledger, token }: { readonly ledger: string; readonly token: string | null }) {
  const url = eventsUrl(BASE, ledger);
  const codes = [
    { id: 'curl', title: messages.curl, text: curlCode(url, token) },
    { id: 'typescript', title: messages.typescript, text: typescriptCode(url, token) },
  ];
  return (
    <>
      <p>{token === null ? messages.codeIntroNoToken : messages.codeIntro}</p>
      <Tabs className="first-run-tabs">
        <TabList className="first-run-tab-list" aria-label={messages.code}>
          {codes.map(({ id, title }) => (
            <Tab key={id} id={id} className="first-run-tab">
              {title}
            </Tab>
          ))}
        </TabList>
        {codes.map(({ id, text }) => (
          <TabPanel key={id} id={id} className="first-run-panel">
            <div className="first-run-code">
              <pre>{text}</pre>
              <CopyButton text={text} what={messages.theCode} />
            </div>
          </TabPanel>
        ))}
      </Tabs>
    </>
  );
}

/** Asks until the ledger has a record. An appliance that does not answer is asked again, and that is said. */
function Waiting({ ledger, onFirstRecord }: FirstRunProps) {
  const { data, error } = useApi(FirstRunSizeDocument, { ledger }, { refetchMs: ASK_MS });
  const hasRecord = (data?.ledger?.size ?? 0) > 0;
  useEffect(() => {
    if (!hasRecord) return;
    announce(messages.arrived);
    onFirstRecord();
  }, [hasRecord, onFirstRecord]);
  return (
    <p className="first-run-waiting" role="status" data-trouble={error !== null}>
      <span className="first-run-dot" aria-hidden="true" />
      {error === null ? messages.waiting : messages.retrying(error.message)}
    </p>
  );
}

import { Button } from 'react-aria-components';
import { go, hrefOf } from '#ui/app/route.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { FirstRunDemoDocument, FirstRunSizeDocument } from '#ui/graphql/generated.ts';
import { useApi, useApiMutation } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { messages } from './messages.ts';

/** How often it is looked how far the making is. */
const ASK_MS = 1_000;
const COMMAND = 'npx indelible demo';

/** Offers a ledger with a month of events to those who may make one; tells the others how. */
export function DemoOffer() {
  const { may, refreshLedgers } = useSignedIn();
  const making = useApiMutation(FirstRunDemoDocument, ({ createDemo }) => {
    notify(messages.demoDone);
    refreshLedgers();
    go(hrefOf('search', new URLSearchParams({ ledger: createDemo.id })));
  });
  const mayMake = may('admin') && may('events:write');
  return (
    <section className="first-run-demo" aria-labelledby="first-run-demo-title">
      <h2 id="first-run-demo-title">{messages.demoTitle}</h2>
      <p>{mayMake ? messages.demoIntro : messages.demoNotYours}</p>
      {mayMake ? (
        <div className="first-run-demo-act">
          <Button className="button" isPending={making.isPending} onPress={() => making.mutate({})}>
            {making.isPending ? messages.demoMaking : messages.demo}
          </Button>
          {making.isPending && <DemoProgress />}
        </div>
      ) : (
        <div className="first-run-code">
          <pre>{COMMAND}</pre>
          <CopyButton text={COMMAND} what={messages.theCommand} />
        </div>
      )}
      {making.error && <Problem error={making.error} />}
    </section>
  );
}

/** How many are recorded already. At first there is no such ledger: that is no problem to tell about. */
function DemoProgress() {
  const { may } = useSignedIn();
  const { data } = useApi(
    FirstRunSizeDocument,
    { ledger: 'demo' },
    { refetchMs: ASK_MS, enabled: may('records:read') },
  );
  return (
    <p role="status" className="muted">
      {messages.demoSoFar(data?.ledger?.size ?? 0)}
    </p>
  );
}

import {
  QuarantinedOriginalDocument,
  type QuarantinedOriginalQuery,
  type QuarantineState,
} from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { Loading } from '#ui/parts/loading.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { indentJson } from './indent-json.ts';
import { messages } from './messages.ts';
import './quarantined-original.css';

/** Where in the list an event stands: its content is asked for alone, however large its neighbours are. */
export interface OriginalPlace {
  readonly ledger: string;
  readonly state: QuarantineState | null;
  /** Cursor of the event before it. */
  readonly after: string | null;
}

export interface QuarantinedOriginalProps {
  readonly id: string;
  readonly place: OriginalPlace;
}

/** An event as it was accepted, readable, with every character that cannot be seen made visible. */
export function QuarantinedOriginal({ id, place }: QuarantinedOriginalProps) {
  const { data, error, refetch } = useApi(QuarantinedOriginalDocument, place, { freshMs: Infinity });
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const found = data.quarantinedEvents.edges[0]?.node;
  if (found?.id !== id) return <p className="muted">{messages.originalGone}</p>;
  return <Original found={found} />;
}

type Found = QuarantinedOriginalQuery['quarantinedEvents']['edges'][number]['node'];

function Original({ found: { line, sections } }: { readonly found: Found }) {
  return (
    <section className="quarantined-original" aria-label={messages.original}>
      <h3>
        {messages.original} <CopyButton text={line} what={messages.theOriginal} />
      </h3>
      {sections === null && (
        <>
          <p className="muted">{messages.unreadable}</p>
          <Text text={line} label={messages.original} />
        </>
      )}
      {sections?.map(({ name, json }) => (
        <div key={name} className="quarantined-original-section">
          <h4>
            <ShownText text={name} />
          </h4>
          <Text text={indentJson(json)} label={name} />
        </div>
      ))}
    </section>
  );
}

function Text({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <pre role="group" aria-label={label} tabIndex={0}>
      {text.split('\n').map((part, place) => (
        // Lines of one text never change places.
        <span key={place}>
          <ShownText text={part} />
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

import type { ExportFactsFragment } from '#ui/graphql/generated.ts';
import { Moment } from '#ui/parts/moment.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { exportStateText, sectionText } from './export-facts.ts';
import { ExportProgress } from './export-progress.tsx';
import { ExportResult } from './export-result.tsx';
import { messages } from './messages.ts';
import './export-entry.css';

export interface ExportEntryProps {
  readonly facts: ExportFactsFragment;
  readonly onChange: () => void;
}

/** One export of the list. */
export function ExportEntry({ facts, onChange }: ExportEntryProps) {
  const { format, state, createdAt, requestedBy, search, withheld, expiresAt, url } = facts;
  return (
    <li className="export-entry" data-state={state.toLowerCase()}>
      <header className="export-entry-head">
        <strong>{messages[format]}</strong>
        <span className="export-entry-state">{exportStateText(facts)}</span>
        <span className="muted">
          {messages.asked} <Moment at={createdAt} />
          {requestedBy !== null && (
            <>
              {' '}
              <ShownText text={messages.by(requestedBy)} />
            </>
          )}
        </span>
      </header>
      {search !== null && (
        <code className="export-entry-search">
          <ShownText text={search} />
        </code>
      )}
      <ExportProgress facts={facts} onCancelled={onChange} />
      <ExportResult facts={facts} />
      {(withheld.length > 0 || url !== null) && (
        <p className="export-entry-notes">
          {withheld.length > 0 && (
            <span>
              {messages.withheld}: {withheld.map(sectionText).join(', ')}
            </span>
          )}
          {url !== null && expiresAt !== null && (
            <span className="muted">
              {messages.expires} <Moment at={expiresAt} />
            </span>
          )}
        </p>
      )}
    </li>
  );
}

import { Download } from 'lucide-react';
import type { ExportFactsFragment } from '#ui/graphql/generated.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { bytesText, countOf } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { downloadHref } from './export-facts.ts';
import { messages } from './messages.ts';
import './export-result.css';

/** What came of an export: count, size, hash and the file itself, or why there is none. */
export function ExportResult({ facts }: { readonly facts: ExportFactsFragment }) {
  const { state, format, count, bytes, sha256, url, error } = facts;
  if (state === 'FAILED') {
    return (
      <p className="export-result-failed">
        <ShownText text={error === null ? messages.noReason : messages.error(error.message, error.code)} />
      </p>
    );
  }
  if (state !== 'DONE') return null;
  const size = bytes === null ? '' : bytesText(bytes);
  return (
    <div className="export-result">
      <p className="export-result-count">
        {count !== null && countOf(count, 'record', 'records')} · {size}
      </p>
      {url !== null && (
        <a
          className="button primary"
          href={downloadHref(url)}
          download
          aria-label={messages.downloadExport(messages[format], size)}
        >
          <Download aria-hidden size={14} />
          {messages.download}
        </a>
      )}
      {sha256 !== null && (
        <p className="export-result-hash">
          <span className="muted">{messages.sha256}</span> <code>{sha256}</code>
          <CopyButton text={sha256} what={messages.theSha256} />
        </p>
      )}
    </div>
  );
}

import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { type ExportFactsFragment, type ExportFormat, StartExportDocument } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { countOf } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import type { ExportRequest } from './export-dialog-state.ts';
import { SECTIONS, type Section } from './export-facts.ts';
import { ExportQuestionText } from './export-question-text.tsx';
import { messages } from './messages.ts';
import { useExportCount } from './use-export-count.ts';
import './export-form.css';

const FORMATS: readonly ExportFormat[] = ['EVIDENCE', 'CSV', 'NDJSON'];

export interface ExportFormProps {
  readonly request: ExportRequest;
  readonly onStarted: (started: ExportFactsFragment) => void;
}

/** In which form, and without what: all that there is to choose before an export begins. */
export function ExportForm({ request, onStarted }: ExportFormProps) {
  const { may } = useSignedIn();
  const state = useExportCount(request);
  const [format, setFormat] = useState<ExportFormat>('EVIDENCE');
  const [withheld, setWithheld] = useState<readonly Section[]>([]);
  const start = useApiMutation(StartExportDocument, ({ startExport }) => onStarted(startExport));
  const { question, count } = state;
  const submit = (): void => {
    if (question === null || start.isPending) return;
    const { search, filter } = question;
    start.mutate({ ledger: request.ledger, format, search, filter, withhold: [...withheld] });
  };
  return (
    <form
      className="export-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <ExportQuestionText request={request} state={state} mayCount={may('records:read')} />
      <FormatChoice format={format} onFormat={setFormat} />
      <SectionChoice format={format} withheld={withheld} onWithheld={setWithheld} />
      <p className="export-form-note">{messages.contentWarning}</p>
      {start.error && <Problem error={start.error} />}
      <Button type="submit" className="button primary" isDisabled={question === null || start.isPending}>
        {count === null ? messages.start : messages.startCount(countOf(count, 'record', 'records'))}
      </Button>
    </form>
  );
}

interface FormatChoiceProps {
  readonly format: ExportFormat;
  readonly onFormat: (format: ExportFormat) => void;
}

function FormatChoice({ format, onFormat }: FormatChoiceProps) {
  return (
    <fieldset className="export-form-choice">
      <legend>{messages.format}</legend>
      {FORMATS.map((name) => (
        <label key={name}>
          <input
            type="radio"
            name="export-format"
            value={name}
            checked={name === format}
            onChange={() => onFormat(name)}
          />
          <span>
            <strong>{messages[name]}</strong>
            <small className="muted">{messages[`${name}Good`]}</small>
          </span>
        </label>
      ))}
      {format === 'CSV' && <p className="export-form-warning">{messages.CSVWarning}</p>}
    </fieldset>
  );
}

interface SectionChoiceProps {
  readonly format: ExportFormat;
  readonly withheld: readonly Section[];
  readonly onWithheld: (withheld: readonly Section[]) => void;
}

function SectionChoice({ format, withheld, onWithheld }: SectionChoiceProps) {
  const toggle = (name: Section): void =>
    onWithheld(SECTIONS.filter((other) => withheld.includes(other) !== (other === name)));
  return (
    <fieldset className="export-form-choice export-form-sections">
      <legend>{messages.withhold}</legend>
      {SECTIONS.map((name) => (
        <label key={name}>
          <input type="checkbox" checked={withheld.includes(name)} onChange={() => toggle(name)} />
          {messages[name]}
        </label>
      ))}
      <p className="muted">{format === 'EVIDENCE' ? messages.withholdWhy : messages.withholdPlain}</p>
    </fieldset>
  );
}

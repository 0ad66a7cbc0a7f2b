import { useMemo } from 'react';
import { countOf } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { membersOf, type PanelRecord, sectionValue } from './panel-content.ts';
import { diffFields, type FieldChange } from './panel-diff.ts';
import { messages } from './panel-messages.ts';
import { diffWords, type WordRun } from './panel-text.ts';
import { PanelValue } from './panel-value.tsx';
import { RecordFields, type RecordFieldsProps } from './record-fields.tsx';
import './record-changes.css';

/** What the action changed, value by value; the fields where it says nothing of changes. */
export function RecordChanges(props: RecordFieldsProps) {
  const section = props.record.sections.find(({ name }) => name === 'changes');
  const changes = membersOf(sectionValue(section));
  if (section?.state === 'ERASED') return <Without sentence={messages.changesErased} {...props} />;
  if (changes === null || !('before' in changes || 'after' in changes)) {
    return <Without sentence={messages.noChanges} {...props} />;
  }
  return <ChangeList record={props.record} />;
}

function Without({ sentence, ...props }: RecordFieldsProps & { readonly sentence: string }) {
  return (
    <div className="record-changes">
      <p className="record-changes-note">{sentence}</p>
      <RecordFields {...props} />
    </div>
  );
}

function ChangeList({ record }: { readonly record: PanelRecord }) {
  const { diff, named } = useMemo(() => {
    const changes = membersOf(sectionValue(record.sections.find(({ name }) => name === 'changes'))) ?? {};
    const { before, after, fields } = changes;
    return {
      diff: diffFields(before, after),
      named: Array.isArray(fields) ? fields.filter((name) => typeof name === 'string') : [],
    };
  }, [record]);
  const left = diff.changeCount - diff.changes.length;
  return (
    <div className="record-changes">
      {diff.changeCount === 0 && <p className="record-changes-note">{messages.nothingDiffers}</p>}
      <ul className="record-changes-list" aria-label={messages.changesList}>
        {diff.changes.map((change) => (
          <ChangeItem key={change.path} change={change} />
        ))}
      </ul>
      {left > 0 && (
        <p className="record-changes-note">{messages.moreChanges(countOf(left, 'change', 'changes'))}</p>
      )}
      {diff.unchangedCount > 0 && (
        <p className="record-changes-note">
          {messages.unchanged(countOf(diff.unchangedCount, 'value', 'values'))}
        </p>
      )}
      {named.length > 0 && (
        <p className="record-changes-note">
          {messages.namedFields} <ShownText text={named.join(', ')} />
        </p>
      )}
    </div>
  );
}

function ChangeItem({ change }: { readonly change: FieldChange }) {
  const words =
    change.kind === 'CHANGED' && typeof change.before === 'string' && typeof change.after === 'string'
      ? diffWords(change.before, change.after)
      : null;
  return (
    <li className="record-changes-item" data-kind={change.kind.toLowerCase()}>
      <div className="record-changes-head">
        <code>
          <ShownText text={change.path === '' ? messages.wholeValue : change.path} />
        </code>
        <span className="record-changes-kind">{messages.changeKind(change.kind)}</span>
      </div>
      {words !== null ? <Words runs={words} /> : <Sides change={change} />}
    </li>
  );
}

function Sides({ change }: { readonly change: FieldChange }) {
  return (
    <dl className="record-changes-sides">
      {change.kind !== 'ADDED' && (
        <div data-side="before">
          <dt>{messages.before}</dt>
          <dd>
            <del>
              <PanelValue value={change.before} />
            </del>
          </dd>
        </div>
      )}
      {change.kind !== 'REMOVED' && (
        <div data-side="after">
          <dt>{messages.after}</dt>
          <dd>
            <ins>
              <PanelValue value={change.after} />
            </ins>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Words({ runs }: { readonly runs: readonly WordRun[] }) {
  return (
    <p className="record-changes-words">
      {runs.map(({ text, kind }, place) => {
        // The runs of one comparison never change places.
        if (kind === 'SAME') return <ShownText key={place} text={text} />;
        const Mark = kind === 'ADDED' ? 'ins' : 'del';
        return (
          <Mark key={place}>
            <ShownText text={text} />
          </Mark>
        );
      })}
    </p>
  );
}

import { Copy, Filter, FilterX } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Button } from 'react-aria-components';
import { copyText } from '#ui/parts/copy-button.tsx';
import { countText } from '#ui/parts/number-text.ts';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import type { Salts } from '#ui/proof/use-salts.ts';
import { type PanelRecord, sectionValue } from './panel-content.ts';
import { PanelExactText } from './panel-exact-text.tsx';
import { messages } from './panel-messages.ts';
import { type Leaf, leafText, leavesOf } from './panel-path.ts';
import { PanelValue } from './panel-value.tsx';
import './record-fields.css';

export interface RecordFieldsProps {
  readonly record: PanelRecord;
  readonly salts: Salts;
  readonly onPill: (term: string) => void;
}

/** Fields of a section that are listed before the person asks for all. */
const LEAVES_SHOWN = 200;

/** Every field of a record, section by section: name, exact value, and what can be done with it. */
export function RecordFields({ record, salts, onPill }: RecordFieldsProps) {
  return (
    <div className="record-fields">
      {record.sections.map((section) => (
        <Section key={section.name} section={section} salts={salts} onPill={onPill} />
      ))}
      <SaltOffer salts={salts} />
    </div>
  );
}

type PanelSection = PanelRecord['sections'][number];

interface SectionProps {
  readonly section: PanelSection;
  readonly salts: Salts;
  readonly onPill: (term: string) => void;
}

function Section({ section, salts, onPill }: SectionProps) {
  const salt = salts.byName?.get(section.name) ?? null;
  return (
    <section className="record-fields-section" aria-label={visibleString(section.name)}>
      <h3>
        <ShownText text={section.name} />
        {section.json === null && <span className="record-fields-state">{stateWord(section)}</span>}
      </h3>
      {section.json === null ? (
        <p className="muted">
          {section.state === 'ERASED' ? messages.erasedSection : messages.withheldSection}
        </p>
      ) : (
        <Leaves section={section} onPill={onPill} />
      )}
      {salt !== null && (
        <p className="record-fields-salt">
          {messages.salt} <code>{salt}</code>
        </p>
      )}
    </section>
  );
}

function stateWord({ state }: PanelSection): string {
  return state === 'ERASED' ? messages.erased : messages.withheld;
}

function Leaves({ section, onPill }: Pick<SectionProps, 'section' | 'onPill'>) {
  const [isWhole, setWhole] = useState(false);
  const value = useMemo(() => sectionValue(section), [section]);
  const { leaves, count } = useMemo(
    () =>
      value === undefined
        ? { leaves: [], count: 0 }
        : leavesOf(section.name, value, isWhole ? Number.POSITIVE_INFINITY : LEAVES_SHOWN),
    [section.name, value, isWhole],
  );
  if (value === undefined) {
    return (
      <>
        <p className="muted">{messages.unreadableSection}</p>
        <PanelExactText text={section.json ?? ''} label={messages.exactOf(visibleString(section.name))} />
      </>
    );
  }
  return (
    <>
      <dl className="record-fields-list">
        {leaves.map((leaf) => (
          <Field key={leaf.path} leaf={leaf} onPill={onPill} />
        ))}
      </dl>
      {leaves.length < count && (
        <Button className="button" onPress={() => setWhole(true)}>
          {messages.showAllFields(countText(count))}
        </Button>
      )}
    </>
  );
}

function Field({ leaf, onPill }: { readonly leaf: Leaf; readonly onPill: (term: string) => void }) {
  const { path, value, term } = leaf;
  const name = visibleString(path);
  return (
    <div className="record-fields-field">
      <dt>
        <ShownText text={path} />
      </dt>
      <dd>
        <PanelValue value={value} />
      </dd>
      <dd className="record-fields-acts">
        {term !== null && (
          <>
            <PlainButton label={messages.filterFor(name)} onPress={() => onPill(term)}>
              <Filter aria-hidden size={14} />
            </PlainButton>
            <PlainButton label={messages.exclude(name)} onPress={() => onPill(`-${term}`)}>
              <FilterX aria-hidden size={14} />
            </PlainButton>
          </>
        )}
        <PlainButton label={messages.copyValue(name)} onPress={() => void copyText(leafText(value))}>
          <Copy aria-hidden size={14} />
        </PlainButton>
      </dd>
    </div>
  );
}

function SaltOffer({ salts }: { readonly salts: Salts }) {
  if (salts.error) return <Problem error={salts.error} onRetry={salts.reveal} />;
  if (!salts.mayReveal || salts.byName !== null) return null;
  return (
    <p className="record-fields-offer">
      <Button className="button" onPress={salts.reveal} isDisabled={salts.isLoading}>
        {messages.showSalts}
      </Button>
      <span className="muted">{messages.saltsRecorded}</span>
    </p>
  );
}

import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { JsonValue } from '#server/ledger/json.ts';
import { bytesText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './panel-messages.ts';
import { leafText } from './panel-path.ts';
import { cutText } from './panel-text.ts';
import './panel-value.css';

const SHOWN_LENGTH = 1_000;

/** One value: texts as they are, numbers with all their digits; very long ones in part until asked for. */
export function PanelValue({ value }: { readonly value: JsonValue }) {
  const [isWhole, setWhole] = useState(false);
  const text = leafText(value);
  const shown = isWhole ? text : cutText(text, SHOWN_LENGTH);
  const kind = typeof value === 'string' ? 'text' : 'literal';
  if (value === '') return <span className="panel-value muted">{messages.emptyText}</span>;
  return (
    <span className="panel-value" data-kind={kind}>
      <ShownText text={shown} />
      {shown.length < text.length && (
        <Button className="button plain panel-value-more" onPress={() => setWhole(true)}>
          {messages.showAll(bytesText(text.length))}
        </Button>
      )}
    </span>
  );
}

import { useState } from 'react';
import { Button } from 'react-aria-components';
import { bytesText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { splitVisible } from '#ui/parts/visible-text.ts';
import { messages } from './panel-messages.ts';
import { cutText } from './panel-text.ts';
import './panel-exact-text.css';

/** More of a text is shown when it is asked for. */
export const SHOWN_LENGTH = 20_000;

export interface PanelExactTextProps {
  readonly text: string;
  /** What it is, for screen readers. */
  readonly label: string;
}

/** A text to the letter in the monospaced face: line breaks are kept, other unseen characters are marked. */
export function PanelExactText({ text, label }: PanelExactTextProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text : cutText(text, SHOWN_LENGTH);
  return (
    <div className="panel-exact-text">
      {/* It scrolls, and so must be reached by key. */}
      <pre tabIndex={0} role="region" aria-label={label} dir="ltr">
        {runsOf(shown).map((run, place) =>
          // The runs of one text never change places.
          run.isPlain ? run.text : <ShownText key={place} text={run.text} />,
        )}
      </pre>
      {shown.length < text.length && (
        <p className="panel-exact-text-more">
          {messages.cut(bytesText(shown.length), bytesText(text.length))}
          <Button className="button" onPress={() => setWhole(true)}>
            {messages.showAll(bytesText(text.length))}
          </Button>
        </p>
      )}
    </div>
  );
}

interface Run {
  readonly text: string;
  readonly isPlain: boolean;
}

/** Lines in which everything can be seen are one run: a megabyte of them is one node. */
function runsOf(text: string): readonly Run[] {
  const runs: { text: string; isPlain: boolean }[] = [];
  const add = (piece: string, isPlain: boolean): void => {
    const last = runs.at(-1);
    if (isPlain && last?.isPlain === true) last.text += piece;
    else runs.push({ text: piece, isPlain });
  };
  for (const [place, line] of text.split('\n').entries()) {
    if (place > 0) add('\n', true);
    if (line !== '')
      add(line, !RIGHT_TO_LEFT.test(line) && !splitVisible(line).some((part) => 'mark' in part));
  }
  return runs;
}

/** Letters that would turn the line around. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

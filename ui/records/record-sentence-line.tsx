import { ShownText } from '#ui/parts/shown-text.tsx';
import type { RecordFacts } from './panel-content.ts';
import { cutText } from './panel-text.ts';
import { recordSentence } from './record-sentence.ts';

/** A name in a sentence is no longer than a person reads. */
const VALUE_LENGTH_MAX = 160;

/** What happened, as a sentence; values out of the record stand out and cannot disturb it. */
export function RecordSentenceLine({ facts }: { readonly facts: RecordFacts }) {
  return recordSentence(facts).map(({ text, isValue }, place) =>
    // The parts of one sentence never change places.
    isValue ? (
      <b key={place}>
        <ShownText text={shortened(text)} />
      </b>
    ) : (
      // Words, too, may be parts of the action's name.
      <ShownText key={place} text={text} />
    ),
  );
}

function shortened(text: string): string {
  return text.length > VALUE_LENGTH_MAX ? `${cutText(text, VALUE_LENGTH_MAX)}…` : text;
}

import { messages } from './messages.ts';
import { splitVisible } from './visible-text.ts';

/**
 * Text that came from outside: characters that cannot be seen (controls, bidirectional marks, invisible and
 * filling ones) stand as their code in a frame, and its direction cannot disturb what is around it.
 */
export function ShownText({ text }: { readonly text: string }) {
  return (
    <bdi>
      {splitVisible(text).map((part, place) =>
        'text' in part ? (
          part.text
        ) : (
          // The parts of one text never change places.
          <span key={place} className="mark" title={messages.unseen}>
            {part.mark}
          </span>
        ),
      )}
    </bdi>
  );
}

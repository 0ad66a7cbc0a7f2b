import { Fragment } from 'react';
import { keyText } from './commands.ts';
import { messages } from './shell-messages.ts';
import './key-caps.css';

/** Keys as they stand on the keyboard; two that are pressed one after the other stand side by side. */
export function KeyCaps({ keys }: { readonly keys: readonly string[] }) {
  return (
    <span className="key-caps">
      {keys.map((key) => (
        <span key={key} className="key-caps-key">
          {strokesOf(key).map((stroke, place) => (
            // The strokes of one key never change places.
            <Fragment key={place}>
              {place > 0 && <span className="unseen"> {messages.keysThen} </span>}
              <kbd>{stroke}</kbd>
            </Fragment>
          ))}
        </span>
      ))}
    </span>
  );
}

/** `g s` is two strokes, and the space bar is one. */
function strokesOf(key: string): readonly string[] {
  return key === ' ' ? [messages.space] : key.split(' ').map(keyText);
}

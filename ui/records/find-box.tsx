import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Button } from 'react-aria-components';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { messages } from './messages.ts';
import './find-box.css';

export interface FindBoxProps {
  readonly text: string;
  /** Matches in the loaded rows. */
  readonly count: number;
  /** Which of them is shown, from 1; 0 for none. */
  readonly at: number;
  readonly onText: (text: string) => void;
  /** Goes so many matches on. */
  readonly onStep: (by: 1 | -1) => void;
  readonly onAll: () => void;
  readonly onClose: () => void;
}

/** Finds in the rows that are loaded, and offers to look through all the others. */
export function FindBox({ text, count, at, onText, onStep, onAll, onClose }: FindBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <div className="find-box" role="search" aria-label={messages.find}>
      <input
        ref={input}
        className="input find-box-input"
        type="text"
        value={text}
        aria-label={messages.findLabel}
        placeholder={messages.findLabel}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') onClose();
          else return;
          event.preventDefault();
        }}
      />
      {text !== '' && (
        <>
          <span className="muted" role="status">
            {messages.findCount(at, count)}
          </span>
          <PlainButton label={messages.findPrevious} onPress={() => onStep(-1)} isDisabled={count === 0}>
            <ChevronUp aria-hidden size={14} />
          </PlainButton>
          <PlainButton label={messages.findNext} onPress={() => onStep(1)} isDisabled={count === 0}>
            <ChevronDown aria-hidden size={14} />
          </PlainButton>
          <Button className="button" onPress={onAll}>
            {messages.findAll}
          </Button>
        </>
      )}
      <PlainButton label={messages.findClose} onPress={onClose}>
        <X aria-hidden size={14} />
      </PlainButton>
    </div>
  );
}

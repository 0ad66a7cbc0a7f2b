import { Copy } from 'lucide-react';
import { notify } from './announce.ts';
import { messages } from './messages.ts';
import { PlainButton } from './plain-button.tsx';

export interface CopyButtonProps {
  /** What is copied, exactly. */
  readonly text: string;
  /** What it is, for the label, e.g. `the leaf hash`. */
  readonly what: string;
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, what }: CopyButtonProps) {
  return (
    <PlainButton label={messages.copy(what)} onPress={() => void copyText(text)}>
      <Copy aria-hidden size={14} />
    </PlainButton>
  );
}

/** Copies a text, and tells the person how it went. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(messages.copied);
  } catch {
    // Not over plain HTTP from another machine, or the person said no: they can still select it.
    notify(messages.notCopied, 'PROBLEM');
  }
}

import { useEffect, useRef } from 'react';
import { Button } from 'react-aria-components';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import type { CreatedToken } from './token-settings.tsx';
import './token-secret.css';

export interface TokenSecretProps {
  readonly created: CreatedToken;
  /** The person has it: it is shown no more. */
  readonly onKept: () => void;
}

/** The secret of a token that was just made: nobody can show it again. */
export function TokenSecret({ created: { secret, token }, onKept }: TokenSecretProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  return (
    <div ref={place} className="token-secret" role="group" aria-label={messages.theSecret} tabIndex={-1}>
      <h3>
        <ShownText text={messages.secretTitle(token.name)} />
      </h3>
      <p>{messages.secretWhat}</p>
      <p className="token-secret-text">
        <code>{secret}</code>
        <CopyButton text={secret} what={messages.theSecret} />
      </p>
      <Button className="button" onPress={onKept}>
        {messages.secretKept}
      </Button>
    </div>
  );
}

import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { RevokeTokenDocument, type TokenRowFragment } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { ConfirmButton } from '#ui/parts/confirm-button.tsx';
import { Moment } from '#ui/parts/moment.tsx';
import { countText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { useNow } from '#ui/parts/use-now.ts';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import './token-list.css';

const TICK_MS = 60_000;

export interface TokenListProps {
  readonly tokens: readonly TokenRowFragment[];
  readonly onRevoked: () => void;
}

/** All tokens: those that work, and on demand those that did. */
export function TokenList({ tokens, onRevoked }: TokenListProps) {
  const now = useNow(TICK_MS);
  const [isAll, setAll] = useState(false);
  const active = tokens.filter((token) => isActive(token, now));
  const inactive = tokens.filter((token) => !isActive(token, now));
  if (tokens.length === 0) return <p className="muted">{messages.tokensNone}</p>;
  return (
    <>
      <ul className="token-list">
        {[...active, ...(isAll ? inactive : [])].map((token) => (
          <TokenEntry key={token.id} token={token} isActive={isActive(token, now)} onRevoked={onRevoked} />
        ))}
      </ul>
      {!isAll && inactive.length > 0 && (
        <Button className="button" onPress={() => setAll(true)}>
          {messages.showInactive(countText(inactive.length))}
        </Button>
      )}
    </>
  );
}

interface TokenEntryProps {
  readonly token: TokenRowFragment;
  readonly isActive: boolean;
  readonly onRevoked: () => void;
}

function TokenEntry({ token, isActive: works, onRevoked }: TokenEntryProps) {
  const { viewer } = useSignedIn();
  const revoke = useApiMutation(RevokeTokenDocument, () => {
    notify(messages.revoked);
    onRevoked();
  });
  const isOwn = token.id === viewer.tokenId;
  const fail = ({ message }: Error): void => notify(message, 'PROBLEM');
  return (
    <li className="token-list-entry" data-works={works}>
      <div className="token-list-head">
        <strong>
          <ShownText text={token.name} />
        </strong>
        {isOwn && <span className="token-list-own">{messages.isYours}</span>}
        {works && (
          <ConfirmButton
            label={messages.revoke}
            question={messages.revokeQuestion(visibleString(token.name))}
            consequence={isOwn ? messages.revokeOwnWhat : messages.revokeWhat}
            cancelLabel={messages.cancel}
            isDisabled={revoke.isPending}
            onConfirm={() => revoke.mutate({ id: token.id }, { onError: fail })}
          />
        )}
      </div>
      <p className="token-list-scopes">
        {token.scopes.map((scope) => (
          <code key={scope}>{scope}</code>
        ))}
        <span className="muted">
          {messages.onLedgers} {token.ledgers.map((id) => (id === '*' ? messages.allLedgers : id)).join(', ')}
        </span>
      </p>
      <p className="token-list-times muted">
        <span>
          {messages.created} <Moment at={token.createdAt} />
        </span>
        {token.revokedAt === null && token.expiresAt !== null && (
          <span>
            {works ? messages.expires : messages.expired} <Moment at={token.expiresAt} />
          </span>
        )}
        {token.revokedAt !== null && (
          <span>
            {messages.revokedAt} <Moment at={token.revokedAt} />
          </span>
        )}
      </p>
    </li>
  );
}

function isActive({ revokedAt, expiresAt }: TokenRowFragment, nowMs: number): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > nowMs);
}

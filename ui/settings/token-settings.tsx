import { useState } from 'react';
import { Button } from 'react-aria-components';
import { type CreateTokenMutation, TokenListDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { messages } from './messages.ts';
import { SettingsPart } from './settings-part.tsx';
import { TokenForm } from './token-form.tsx';
import { TokenList } from './token-list.tsx';
import { TokenSecret } from './token-secret.tsx';

export type CreatedToken = CreateTokenMutation['createToken'];

/** Tokens of the appliance: who has one, a new one, and the end of one. */
export function TokenSettings() {
  const { data, error, refetch } = useApi(TokenListDocument, {});
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedToken | null>(null);
  return (
    <SettingsPart title={messages.tokens} what={messages.tokensWhat}>
      {made !== null && <TokenSecret created={made} onKept={() => setMade(null)} />}
      <Button className="button" aria-expanded={isMaking} onPress={() => setMaking(!isMaking)}>
        {isMaking ? messages.closeForm : messages.newToken}
      </Button>
      {isMaking && (
        <TokenForm
          onMade={(created) => {
            setMaking(false);
            setMade(created);
            void refetch();
          }}
        />
      )}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Loading />}
      {data && <TokenList tokens={data.tokens} onRevoked={() => void refetch()} />}
    </SettingsPart>
  );
}

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ExportDialog } from '#ui/exports/export-dialog.tsx';
import { toApiError } from '#ui/graphql/api-error.ts';
import { LedgerListDocument, ViewerDocument } from '#ui/graphql/generated.ts';
import { apiKey, apiQuery } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { setPreferences } from './preferences.ts';
import { signOut } from './session.ts';
import { Shell } from './shell.tsx';
import { messages } from './shell-messages.ts';
import { SignIn } from './sign-in.tsx';
import { type SignedIn, SignedInProvider } from './viewer.tsx';

/** The page: signed out it shows the form, signed in the shell with its screens. */
export function App() {
  const queries = useQueryClient();
  const viewer = useQuery(apiQuery(ViewerDocument, {}, { freshMs: Infinity }));
  const ledgers = useQuery(
    apiQuery(LedgerListDocument, {}, { enabled: viewer.isSuccess, refetchMs: 15_000 }),
  );
  const signedIn = useMemo((): SignedIn | null => {
    if (!viewer.data || !ledgers.data) return null;
    const scopes = new Set(viewer.data.viewer.scopes);
    return {
      viewer: viewer.data.viewer,
      appliance: viewer.data.appliance,
      ledgers: ledgers.data.ledgers,
      may: (scope) => scopes.has(scope),
      refreshLedgers: () => void queries.invalidateQueries({ queryKey: apiKey(LedgerListDocument, {}) }),
      signOut: () => {
        // What one person looked for is not shown to the next.
        setPreferences({ searches: [] });
        const forget = (): void => void queries.resetQueries();
        signOut().then(forget, (error: unknown) => {
          const { code, message } = toApiError(error);
          // The session had ended already.
          if (code === 'UNAUTHENTICATED') forget();
          else notify(messages.notSignedOut(message), 'PROBLEM');
        });
      },
    };
  }, [viewer.data, ledgers.data, queries]);

  const reset = (): void => void queries.resetQueries();
  const error = viewer.error ?? ledgers.error;
  if (error?.code === 'UNAUTHENTICATED') {
    // What one person saw is not there for the next.
    return <SignIn onSignedIn={reset} wasSignedIn={viewer.data !== undefined} />;
  }
  if (signedIn === null) {
    if (!error) return <Loading />;
    return <Problem error={error} onRetry={reset} />;
  }
  return (
    <SignedInProvider value={signedIn}>
      <Shell />
      <ExportDialog />
    </SignedInProvider>
  );
}

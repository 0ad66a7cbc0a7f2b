import { createContext, type ReactNode, use } from 'react';
import type { LedgerListQuery, ViewerQuery } from '#ui/graphql/generated.ts';

export type LedgerSummary = LedgerListQuery['ledgers'][number];

/** Who is signed in, and what they may see. */
export interface SignedIn {
  readonly viewer: ViewerQuery['viewer'];
  readonly appliance: ViewerQuery['appliance'];
  /** Ledgers the viewer may see; at least one. */
  readonly ledgers: readonly LedgerSummary[];
  /** Whether the viewer has a scope: what it may not do is not offered. */
  readonly may: (scope: string) => boolean;
  /** Asks for the ledgers again, e.g. when one was made. */
  readonly refreshLedgers: () => void;
  readonly signOut: () => void;
}

const SignedInContext = createContext<SignedIn | null>(null);

/** Gives what is below it the person who is signed in. */
export function SignedInProvider({
  value,
  children,
}: {
  readonly value: SignedIn;
  readonly children: ReactNode;
}) {
  return <SignedInContext value={value}>{children}</SignedInContext>;
}

/** Who is signed in. Throws where nobody is: nothing below the shell is shown then. */
export function useSignedIn(): SignedIn {
  const signedIn = use(SignedInContext);
  if (signedIn === null) throw new Error('Nobody is signed in.');
  return signedIn;
}

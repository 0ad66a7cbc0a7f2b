import type { ApiError } from '#ui/graphql/api-error.ts';
import { LedgerVerificationsDocument, type VerificationFactsFragment } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { useNow } from '#ui/parts/use-now.ts';
import { isUnderWay, isWhole, type Verdict, verdictOf } from './verdict.ts';

/** As many as are kept: a break stands however many verifications came after it. */
const KEPT = 70;
const SOON_MS = 2_000;
const LATER_MS = 30_000;

export interface VerdictState {
  /** `null` while nothing is known, and for those who may not know. */
  readonly verdict: Verdict | null;
  readonly last: VerificationFactsFragment | null;
  readonly verifications: readonly VerificationFactsFragment[];
  readonly isLoading: boolean;
  readonly error: ApiError | null;
  readonly refresh: () => void;
}

/** What may be said of a ledger, asked again as it changes. */
export function useVerdict(ledger: string): VerdictState {
  const { may, appliance } = useSignedIn();
  const { verifyHours } = appliance;
  const now = useNow(LATER_MS);
  const enabled = may('ledgers:verify');
  const { data, error, refetch, isLoading } = useApi(
    LedgerVerificationsDocument,
    { ledger, first: KEPT },
    {
      enabled,
      refetchMs: (known) => (isUnsettled(known?.ledger ?? null) ? SOON_MS : LATER_MS),
    },
  );
  const found = data?.ledger ?? null;
  const [last, verifications] = [found?.lastVerification ?? null, found?.verifications ?? []];
  // The size comes with them: one that was asked for before would look as if the ledger had shrunk.
  const verdict =
    found === null ? null : verdictOf({ last, recent: verifications, size: found.size, verifyHours }, now);
  return { verdict, last, verifications, isLoading, error, refresh: () => void refetch() };
}

/** Something runs, or ended and its result is about to be recorded. */
function isUnsettled(
  found: {
    readonly lastVerification: VerificationFactsFragment | null;
    readonly verifications: readonly VerificationFactsFragment[];
  } | null,
): boolean {
  if (found === null) return false;
  if (found.verifications.some(isUnderWay)) return true;
  const newest = found.verifications.find((one) => isWhole(one) && one.state === 'DONE');
  return newest !== undefined && newest.id !== found.lastVerification?.id;
}

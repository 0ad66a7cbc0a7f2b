import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import {
  VerificationProgressDocument,
  type VerificationFactsFragment,
  VerificationStateDocument,
} from '#ui/graphql/generated.ts';
import { subscribe } from '#ui/graphql/subscribe.ts';
import { apiKey, useApi } from '#ui/graphql/use-api.ts';
import { isUnderWay } from './verdict.ts';

/** How often it is looked at while there is no live connection, and how often all the same. */
const POLL_MS = 1_000;
const LOOK_MS = 15_000;

export interface LiveVerification {
  readonly verification: VerificationFactsFragment;
  /** Whether the appliance tells of each step by itself; else it is asked again and again. */
  readonly isLive: boolean;
}

/** Follows a verification up to its end: live where that works, by asking again where it does not. */
export function useVerification(initial: VerificationFactsFragment): LiveVerification {
  const { id } = initial;
  const queries = useQueryClient();
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    const aborted = new AbortController();
    const key = apiKey(VerificationStateDocument, { id });
    const follow = async (): Promise<void> => {
      const steps = subscribe(VerificationProgressDocument, { id }, aborted.signal);
      for await (const { verificationProgress } of steps) {
        queries.setQueryData(key, { verification: verificationProgress });
      }
    };
    // A stream that broke off is no error to the person: it is asked for from then on.
    const fallBack = (): void => {
      if (!aborted.signal.aborted) setLive(false);
    };
    follow().then(fallBack, fallBack);
    return () => aborted.abort();
  }, [id, queries]);
  const { data } = useApi(
    VerificationStateDocument,
    { id },
    {
      refetchMs: (known) => {
        if (known?.verification && !isUnderWay(known.verification)) return false;
        return isLive ? LOOK_MS : POLL_MS;
      },
    },
  );
  return { verification: data?.verification ?? initial, isLive };
}

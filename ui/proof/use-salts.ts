import { useState } from 'react';
import { useSignedIn } from '#ui/app/viewer.tsx';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { ProofSaltsDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';

/** The salts of the record that is open. */
export interface Salts {
  /** Whether the person may see salts at all. */
  readonly mayReveal: boolean;
  /** By section name; `null` as long as nobody asked for them. */
  readonly byName: ReadonlyMap<string, string> | null;
  readonly isLoading: boolean;
  readonly error: ApiError | null;
  /** Asks for them, which is recorded in the ledger `system`; again after an error. */
  readonly reveal: () => void;
}

/** Salts are asked for only when the person says so, for one record at a time. */
export function useSalts(ledger: string, index: number): Salts {
  const mayReveal = useSignedIn().may('records:reveal');
  const [asked, setAsked] = useState<number | null>(null);
  const isAsked = mayReveal && asked === index;
  const { data, error, isFetching, refetch } = useApi(
    ProofSaltsDocument,
    { ledger, index },
    { enabled: isAsked, freshMs: Infinity },
  );
  const sections = isAsked ? data?.record?.sections : undefined;
  const salted = sections?.flatMap(({ name, salt }) => (salt === null ? [] : [[name, salt] as const]));
  return {
    mayReveal,
    byName: salted ? new Map(salted) : null,
    isLoading: isAsked && isFetching,
    error: isAsked ? error : null,
    reveal: () => {
      if (isAsked) void refetch();
      else setAsked(index);
    },
  };
}

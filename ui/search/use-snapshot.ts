import { useCallback } from 'react';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { LedgerSnapshotDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';

/** The ledger at one moment: what all answers on the screen are of. */
export interface Snapshot {
  readonly size: number;
  /** Records that are in the search index; the others are searched too, more slowly. */
  readonly indexedSize: number;
  /** ms since the epoch: what "the last hour" ends at. */
  readonly atMs: number;
}

export interface SnapshotState {
  readonly snapshot: Snapshot | null;
  readonly error: ApiError | null;
  /** Looks again: table, histogram and facets follow together. */
  readonly refresh: () => void;
}

/** Looks at a ledger once, and again when asked to. */
export function useSnapshot(ledger: string): SnapshotState {
  const { data, error, dataUpdatedAt, refetch } = useApi(
    LedgerSnapshotDocument,
    { ledger },
    { freshMs: Infinity },
  );
  const refresh = useCallback(() => void refetch(), [refetch]);
  const found = data?.ledger;
  const snapshot = found ? { size: found.size, indexedSize: found.indexedSize, atMs: dataUpdatedAt } : null;
  return { snapshot, error, refresh };
}

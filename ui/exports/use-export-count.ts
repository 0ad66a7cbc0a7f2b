import { useSignedIn } from '#ui/app/viewer.tsx';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { ExportCountDocument, ExportSizeDocument, type RecordFilter } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import type { ExportRequest } from './export-dialog-state.ts';
import { selectionSearch } from './selection-search.ts';

/** Exactly what will be asked for. */
export interface ExportQuestion {
  readonly search: string | null;
  readonly filter: RecordFilter;
  /** Records of the ledger that are looked at, from the first one on. */
  readonly size: number;
}

export interface ExportCountState {
  /** `null` while the ledger's size is asked for. */
  readonly question: ExportQuestion | null;
  /** More were selected than one search can name. */
  readonly isTooMany: boolean;
  /** Exact up to `countedThrough`; `null` while it is counted, and for those who may not know. */
  readonly count: number | null;
  readonly countedThrough: number | null;
  readonly error: ApiError | null;
  readonly retry: () => void;
}

/**
 * What a request exports, and how many records that are: counted and exported are the same ones, whatever is
 * recorded meanwhile.
 */
export function useExportCount(request: ExportRequest): ExportCountState {
  const { ledger, filter, indexes } = request;
  const { may } = useSignedIn();
  const given = filter.indexTo ?? null;
  const sizes = useApi(ExportSizeDocument, { ledger }, { enabled: given === null });
  const size = given ?? sizes.data?.ledger?.size ?? null;
  const question = size === null ? null : exportQuestion(request, size);
  const isTooMany = indexes !== undefined && selectionSearch(indexes) === null;
  const counts = useApi(
    ExportCountDocument,
    { ledger, search: question?.search ?? null, filter: question?.filter ?? {} },
    { enabled: question !== null && may('records:read'), freshMs: Infinity },
  );
  const failed = sizes.error ? sizes : counts;
  return {
    question,
    isTooMany,
    count: counts.data?.records.totalCount ?? null,
    countedThrough: counts.data?.records.indexedThrough ?? null,
    error: failed.error,
    retry: () => void failed.refetch(),
  };
}

/**
 * What a request asks for of a ledger that was seen with this size. Selected records are asked for wherever
 * they are: those that came live lie behind that. `null` where one search cannot name them.
 */
export function exportQuestion(
  { search, filter, indexes }: Pick<ExportRequest, 'search' | 'filter' | 'indexes'>,
  size: number,
): ExportQuestion | null {
  if (indexes === undefined) return { search, filter: { ...filter, indexTo: size }, size };
  const selection = selectionSearch(indexes);
  if (selection === null) return null;
  const reach = indexes.reduce((most, index) => Math.max(most, index + 1), size);
  return { search: selection, filter: { indexTo: reach }, size: reach };
}

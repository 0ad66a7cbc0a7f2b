import { useSyncExternalStore } from 'react';
import type { RecordFilter } from '#ui/graphql/generated.ts';

/** Which records are to be exported. */
export interface ExportRequest {
  readonly ledger: string;
  readonly search: string | null;
  readonly filter: RecordFilter;
  /** Only these records, whatever search and filter say. */
  readonly indexes?: readonly number[];
}

/** The dialog, and exports that were started here and have not ended. */
export interface ExportDialogState {
  /** `null` while the dialog is closed. */
  readonly request: ExportRequest | null;
  /** Ids of exports whose end the person is told of. */
  readonly watched: readonly string[];
}

let current: ExportDialogState = { request: null, watched: [] };
const listeners = new Set<() => void>();

/** Opens the dialog, or gives the open one other records. */
export function openExportDialog(request: ExportRequest): void {
  set({ ...current, request });
}

/** Closes it; what was started goes on. */
export function closeExportDialog(): void {
  set({ ...current, request: null });
}

/** Has the person told when an export ends, wherever they are by then. */
export function watchExport(id: string): void {
  if (!current.watched.includes(id)) set({ ...current, watched: [...current.watched, id] });
}

/** The export ended, and the person knows. */
export function unwatchExport(id: string): void {
  set({ ...current, watched: current.watched.filter((other) => other !== id) });
}

/** Tells of each change. Gives what ends it. */
export function onExportDialog(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** The dialog's state, and again whenever it changes. */
export function useExportDialog(): ExportDialogState {
  return useSyncExternalStore(onExportDialog, () => current);
}

function set(next: ExportDialogState): void {
  current = next;
  for (const listener of listeners) listener();
}

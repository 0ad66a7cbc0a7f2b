import type { ExportFactsFragment } from '#ui/graphql/generated.ts';
import { BASE } from '#ui/graphql/request.ts';
import { messages } from './messages.ts';

/** Sections of a record, in the order of the record. */
export const SECTIONS = ['event', 'actor', 'target', 'context', 'changes', 'details'] as const;
export type Section = (typeof SECTIONS)[number];

/** Whether an export still waits or is written. */
export function isExportUnderWay({ state }: Pick<ExportFactsFragment, 'state'>): boolean {
  return state === 'QUEUED' || state === 'RUNNING';
}

/** How far an export is, in words. */
export function exportStateText({ state, url }: Pick<ExportFactsFragment, 'state' | 'url'>): string {
  return state === 'DONE' && url === null ? messages.gone : messages[state];
}

/** Where the browser fetches the file: beside the page, also behind a proxy that puts it into a folder. */
export function downloadHref(url: string): string {
  return new URL(url.replace(/^\/+/, ''), BASE).href;
}

/** The name of a section for people; one that is not known as it is. */
export function sectionText(name: string): string {
  const known = SECTIONS.find((section) => section === name);
  return known === undefined ? name : messages[known];
}

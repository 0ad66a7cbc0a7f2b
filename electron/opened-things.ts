import { isAbsolute, resolve } from 'node:path';
import { LINK_SCHEME } from './deep-link.ts';

/** What the app was started with, or is asked to open while it runs. */
export interface OpenedThings {
  readonly links: readonly string[];
  /** Absolute paths. */
  readonly files: readonly string[];
}

const EVIDENCE = /\.(?:evidence\.zip|evidence|tlog-proof)$/i;

/** Whether a file's name is one of an evidence pack or of a proof. */
export function isEvidenceName(path: string): boolean {
  return EVIDENCE.test(path);
}

/**
 * Reads a command line. Whatever is neither a link nor the name of evidence is passed over: Chromium adds
 * switches of its own to it.
 *
 * @param folder the one that relative names start from
 */
export function readCommandLine(argv: readonly string[], folder: string): OpenedThings {
  const words = argv.slice(1).filter((word) => !word.startsWith('-'));
  const links = words.filter((word) => word.toLowerCase().startsWith(`${LINK_SCHEME}:`));
  const files = words
    .filter((word) => !links.includes(word) && isEvidenceName(word))
    .map((word) => (isAbsolute(word) ? word : resolve(folder, word)));
  return { links, files };
}

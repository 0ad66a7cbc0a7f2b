import type { ElectronApi } from './electron-api.ts';

/** The only addresses outside that the app ever leads to, each from its own item in the help menu. */
export const EXTERNAL_LINKS = {
  tiles: 'https://c2sp.org/tlog-tiles',
  proofs: 'https://c2sp.org/tlog-proof',
} as const;

/** Opens one of them in the person's browser. */
export function openExternalLink(shell: ElectronApi['shell'], name: keyof typeof EXTERNAL_LINKS): void {
  // Where the system knows no browser there is nothing else to be done.
  shell.openExternal(EXTERNAL_LINKS[name]).catch(() => undefined);
}

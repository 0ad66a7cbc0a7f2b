import type { ShellBridge } from '#electron/bridge.ts';

/** What the preload gives this page. Throws where there is none: the page is the app's only. */
export function shellBridge(): ShellBridge {
  const { indelibleDesktop } = globalThis as { readonly indelibleDesktop?: ShellBridge };
  if (indelibleDesktop === undefined) throw new Error('This page belongs to the desktop app.');
  return indelibleDesktop;
}

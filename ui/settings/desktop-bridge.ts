/** What the desktop app gives this page; the page works the same without it. */
export interface DesktopBridge {
  /** Opens the window with the app's own settings. */
  openSettings(): Promise<void>;
  /** Asks for an evidence pack and verifies it in a window of its own. */
  openEvidence(): Promise<void>;
  versions(): Promise<DesktopVersions>;
}

/** What the app is made of. */
export interface DesktopVersions {
  readonly app: string;
  readonly electron: string;
  readonly chromium: string;
}

/** The desktop app around this page; `null` in a browser. */
export function desktopBridge(): DesktopBridge | null {
  const given: unknown = Reflect.get(globalThis, 'indelibleDesktop');
  return isBridge(given) ? given : null;
}

function isBridge(given: unknown): given is DesktopBridge {
  if (typeof given !== 'object' || given === null) return false;
  return ['openSettings', 'openEvidence', 'versions'].every(
    (name) => typeof Reflect.get(given, name) === 'function',
  );
}

/**
 * Electron's fuses as the packaged app has them, by the names of `@electron/fuses`. They are burnt into the
 * program when it is packaged: whoever starts it cannot turn it into something else.
 */
export const FUSES = {
  /** Nobody uses the app as a Node: the server runs in a utility process. */
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
} as const;

import type { Session, WebContents } from 'electron';
import { mayRequest, originOf } from './origins.ts';

/** Origins that the windows of a session may show and ask. */
export type AllowedOrigins = () => readonly string[];

/** All that a page is ever granted: to put text into the clipboard when the person clicks. */
const GRANTED = new Set(['clipboard-sanitized-write']);

/** Lets the windows of a session ask their own origins, and nobody else; grants no permission but one. */
export function guardSession(session: Session, origins: AllowedOrigins): void {
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !mayRequest(details.url, origins()) });
  });
  session.setPermissionRequestHandler((contents, permission, answer) => {
    const origin = originOf(contents.getURL());
    answer(GRANTED.has(permission) && origin !== null && origins().includes(origin));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => GRANTED.has(permission) && origins().includes(origin),
  );
  session.setDevicePermissionHandler(() => false);
}

/** Keeps a window on its own origins: it can be led nowhere else, and opens no other window. */
export function guardContents(contents: WebContents, origins: AllowedOrigins): void {
  const stay = (event: { preventDefault(): void; readonly url: string }): void => {
    const origin = originOf(event.url);
    if (origin === null || !origins().includes(origin)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const origin = originOf(url);
    // A finished export may be asked for in a window of its own: it is a file.
    const isExport = URL.canParse(url) && /\/exports\/[^/]+$/.test(new URL(url).pathname);
    if (isExport && origin !== null && origins().includes(origin)) contents.downloadURL(url);
    return { action: 'deny' };
  });
}

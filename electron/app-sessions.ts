import type { Session, WebContents } from 'electron';
import { type PagePlaces, servePages } from './app-pages.ts';
import type { ShellStatus } from './bridge.ts';
import type { ElectronApi } from './electron-api.ts';
import { guardSession } from './guards.ts';
import { EVIDENCE_ORIGIN, originOf, SHELL_ORIGIN } from './origins.ts';

/** Sessions of the windows: what one kind of page keeps, no other sees. */
const SESSIONS = { own: 'persist:own', remote: 'persist:remote', evidence: 'evidence' } as const;

/**
 * The sessions, each guarded from its first use on.
 *
 * @param remoteUrl of the remote appliance that the person has chosen, or `null`
 */
export function openSessions(
  electron: ElectronApi,
  places: PagePlaces,
  status: () => ShellStatus,
  remoteUrl: () => string | null,
) {
  const besideShell = (url: string | null): readonly string[] => {
    const origin = url === null ? null : originOf(url);
    return origin === null ? [SHELL_ORIGIN] : [SHELL_ORIGIN, origin];
  };
  const origins = {
    own: () => {
      const now = status();
      // When its server does not run another program may have its port.
      return besideShell(now.kind === 'running' && !now.isRemote ? now.url : null);
    },
    // The guard is asked about the shell's own requests, too: signing in comes before anything runs.
    remote: () => besideShell(remoteUrl()),
    evidence: () => [EVIDENCE_ORIGIN],
  } as const;
  const made = new Map<string, Session>();
  const get = (kind: keyof typeof SESSIONS) => (): Session => {
    const known = made.get(kind);
    if (known) return known;
    const session = electron.session.fromPartition(SESSIONS[kind]);
    guardSession(session, origins[kind]);
    servePages(session, places);
    made.set(kind, session);
    return session;
  };
  return {
    own: get('own'),
    remote: get('remote'),
    evidence: get('evidence'),
    originsOf: (contents: WebContents) => (): readonly string[] => {
      const kind = (['own', 'remote', 'evidence'] as const).find((one) => made.get(one) === contents.session);
      return kind === undefined ? [] : origins[kind]();
    },
  };
}

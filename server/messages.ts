import type { ErrorCode } from './errors.ts';

/**
 * What the desktop shell and the server it forks say to each other. Nothing secret goes over the command line
 * or the environment, which other programs can read: sessions are said here.
 */

/** A browser session of the appliance's own administrator, as a cookie. */
export interface OwnSession {
  readonly name: string;
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the keys of the data folder are encrypted with, and what is to become of them. */
export interface KeyProtection {
  /** The recovery line: 32 bytes and a checksum in base64url. */
  readonly secret: string;
  /** Encrypts those that are plain, or makes all plain again. */
  readonly use: 'PROTECT' | 'UNPROTECT';
}

export type ToServer =
  /** The first message: nothing starts before it. */
  | {
      readonly type: 'start';
      /** `null`: the platform's own. */
      readonly dataDir: string | null;
      /** Taken where it is free; 0: any. */
      readonly port: number;
      /** `null`: the keys are plain, and a start with encrypted ones is refused. */
      readonly keyProtection: KeyProtection | null;
    }
  /** Asks for another session, before the last one ends. */
  | { readonly type: 'renew' }
  /** An orderly stop: the process ends by itself. */
  | { readonly type: 'stop' };

export type FromServer =
  | {
      readonly type: 'ready';
      /** E.g. `http://127.0.0.1:41234`. */
      readonly url: string;
      readonly dataDir: string;
      readonly version: string;
      /** Why the appliance is read-only, or `null`. */
      readonly readOnly: string | null;
      /** `null` where the administrator's token was revoked: the appliance records all the same. */
      readonly session: OwnSession | null;
    }
  | { readonly type: 'session'; readonly session: OwnSession }
  /** It could not start, or cannot go on; the process ends. */
  | { readonly type: 'failed'; readonly code: ErrorCode | null; readonly message: string };

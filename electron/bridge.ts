/**
 * What the shell and its pages say to each other, by the names of their channels. Values only: whatever a
 * page sends is checked before it is used.
 */

/** What is going on with the appliance that the window shows. */
export type ShellStatus =
  | { readonly kind: 'starting'; readonly where: string | null }
  | { readonly kind: 'restarting'; readonly attempt: number; readonly reason: string }
  | { readonly kind: 'running'; readonly url: string; readonly isRemote: boolean }
  | ShellFailure
  | { readonly kind: 'stopped' };

/** Why there is nothing to show. */
export interface ShellFailure {
  readonly kind: 'failed';
  /** A code of the server or of the shell; `null` where nobody knows. */
  readonly code: string | null;
  readonly message: string;
  /** The data folder, or the address of the remote appliance. */
  readonly where: string | null;
  readonly isRemote: boolean;
  /** The last lines of the server's log. */
  readonly log: readonly string[];
}

/** Whether secrets can be kept by the operating system, and why not. */
export type KeychainState = 'KEPT' | 'NONE' | 'PLAIN';

/** The settings as their page shows them. */
export interface SettingsView {
  /** The folder in use; `null` while it is not known. */
  readonly dataDir: string | null;
  readonly isDefaultDataDir: boolean;
  readonly remoteUrl: string | null;
  readonly keychain: KeychainState;
  /** Whether the keys of the data folder are protected with the keychain. */
  readonly areKeysProtected: boolean;
  readonly startAtLogin: boolean;
  readonly keepRunning: boolean;
  /** Where updates come from; `null`: nobody is ever asked for any. */
  readonly updateUrl: string | null;
  readonly versions: Versions;
}

/** What runs. */
export interface Versions {
  readonly app: string;
  readonly electron: string;
  readonly chromium: string;
}

/** Settings that a page may change by itself. The data folder is chosen in a dialog of the system's. */
export interface SettingsChange {
  readonly startAtLogin?: boolean;
  readonly keepRunning?: boolean;
  readonly updateUrl?: string | null;
}

/** `null` where it worked, else why not, for a person. */
export type Refusal = string | null;

/** The file that a window for evidence was opened for. */
export interface OfferedFile {
  readonly name: string;
  readonly size: number;
}

/** `globalThis.indelibleDesktop` on the shell's own pages. */
export interface ShellBridge {
  status(): Promise<ShellStatus>;
  /** Tells of every change from now on. */
  onStatus(listener: (status: ShellStatus) => void): void;
  retry(): Promise<void>;
  settings(): Promise<SettingsView>;
  changeSettings(change: SettingsChange): Promise<Refusal>;
  /** Asks the person for a folder and starts there; `false` where the person chose none. */
  chooseDataDir(): Promise<boolean>;
  resetDataDir(): Promise<void>;
  /** Opens the data folder in the system's file manager. */
  showDataDir(): Promise<Refusal>;
  /** Has a recovery file saved, then encrypts the keys of the data folder; the server starts anew. */
  protectKeys(): Promise<Refusal>;
  /** Makes the keys plain files again; the server starts anew. */
  unprotectKeys(): Promise<Refusal>;
  /** Asks for a recovery file and starts with it. */
  useRecoveryFile(): Promise<void>;
  connect(url: string, token: string): Promise<Refusal>;
  /** Goes back from the remote appliance to the one on this computer. */
  disconnect(): Promise<void>;
  openEvidence(): Promise<void>;
  openSettings(): Promise<void>;
  closeSettings(): Promise<void>;
  quit(): Promise<void>;
}

/** `globalThis.indelibleDesktop` on the appliance's own page. */
export type ApplianceBridge = Pick<ShellBridge, 'openEvidence' | 'openSettings'> & {
  versions(): Promise<Versions>;
};

/** `globalThis.indelibleDesktop` on the page that verifies evidence. */
export interface EvidenceBridge {
  offeredFile(): Promise<OfferedFile | null>;
  /** Reads a part of that file: no more than `READ_BYTES_MAX`. */
  readOffered(at: number, length: number): Promise<Uint8Array>;
}

/** The most that is read of an evidence pack at once. */
export const READ_BYTES_MAX = 4 * 1024 * 1024;

/** Channels by what may use them: the shell's pages, those and the appliance's page, the evidence page. */
export const CHANNELS = {
  shell: [
    'status',
    'retry',
    'settings',
    'change-settings',
    'choose-data-dir',
    'reset-data-dir',
    'show-data-dir',
    'protect-keys',
    'unprotect-keys',
    'use-recovery-file',
    'connect',
    'disconnect',
    'close-settings',
    'quit',
  ],
  any: ['versions', 'open-evidence', 'open-settings', 'open-dropped'],
  evidence: ['offered-file', 'read-offered'],
} as const;

export type Channel = (typeof CHANNELS)[keyof typeof CHANNELS][number];

/** The shell's own message to its pages. */
export const STATUS_CHANGED = 'status-changed';

/** Scheme of the shell's own pages, and the hosts that stand for their kinds. */
export const PAGE_SCHEME = 'indelible-app';
export const SHELL_HOST = 'shell';
export const EVIDENCE_HOST = 'evidence';

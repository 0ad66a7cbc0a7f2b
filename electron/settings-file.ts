import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { SettingsChange } from './bridge.ts';
import { readRemoteUrl } from './origins.ts';
import { syncFolder } from './sync-folder.ts';
import { readWindowState, type WindowState } from './window-state.ts';

/** What the app keeps between two starts. */
export interface Settings {
  /** `null`: the platform's own, the same that the command line uses. */
  readonly dataDir: string | null;
  /**
   * The port that the own server had last; 0: none yet. The browser's storage belongs to a port: with another
   * one all preferences and remembered checkpoints would be gone.
   */
  readonly port: number;
  readonly remote: RemoteSettings | null;
  readonly startAtLogin: boolean;
  /** Goes on recording when the window is closed. */
  readonly keepRunning: boolean;
  readonly updateUrl: string | null;
  readonly window: WindowState | null;
  /** Data folders whose keys are protected with the keychain. */
  readonly protectedFolders: readonly ProtectedFolder[];
}

/** A data folder whose keys are protected. */
export interface ProtectedFolder {
  /** As the settings name it; `null`: the platform's own. */
  readonly dataDir: string | null;
  /** As the server names it. */
  readonly path: string;
  /** What opens the keys, encrypted by the operating system's keychain. */
  readonly sealedSecret: string;
  /** The keys are being made plain again. */
  readonly isEnding: boolean;
}

/** A remote appliance in the place of the own server. */
export interface RemoteSettings {
  readonly url: string;
  /** The token, encrypted by the operating system's keychain; `null` where there is none to keep it. */
  readonly sealedToken: string | null;
}

export interface SettingsFile {
  read(): Settings;
  /** Keeps a change. Throws where the file cannot be written. */
  change(change: Partial<Settings>): Settings;
}

const DEFAULTS: Settings = {
  dataDir: null,
  port: 0,
  remote: null,
  startAtLogin: false,
  keepRunning: false,
  updateUrl: null,
  window: null,
  protectedFolders: [],
};

/** Settings in a file of the person's own. What in it makes no sense is as if it were not there. */
export function openSettingsFile(file: string): SettingsFile {
  let settings = readSettings(readText(file));
  return {
    read: () => settings,
    change(change) {
      const changed = { ...settings, ...change };
      mkdirSync(dirname(file), { recursive: true });
      // Whole or not at all: a crash or a power cut leaves the last settings.
      const text = `${JSON.stringify(changed, null, 2)}\n`;
      writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
      syncFolder(dirname(file));
      settings = changed;
      return settings;
    },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The first start, or a file that cannot be read: then all is as at first.
    return '{}';
  }
}

/** Reads the file's text, member by member. */
export function readSettings(text: string): Settings {
  const given = objectOf(text);
  const { dataDir, port, startAtLogin, keepRunning, updateUrl } = given;
  return {
    dataDir: typeof dataDir === 'string' && isAbsolute(dataDir) ? dataDir : DEFAULTS.dataDir,
    port: typeof port === 'number' && Number.isInteger(port) && port > 1023 && port < 65_536 ? port : 0,
    remote: readRemote(given['remote']),
    startAtLogin: startAtLogin === true,
    keepRunning: keepRunning === true,
    updateUrl: readUpdateUrl(updateUrl) ?? null,
    window: readWindowState(given['window']),
    protectedFolders: readProtectedFolders(given['protectedFolders']),
  };
}

function readProtectedFolders(value: unknown): readonly ProtectedFolder[] {
  return (Array.isArray(value) ? value : []).flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { dataDir, path, sealedSecret, isEnding } = one as Readonly<Record<string, unknown>>;
    if (typeof path !== 'string' || typeof sealedSecret !== 'string') return [];
    if (dataDir !== null && typeof dataDir !== 'string') return [];
    return [{ dataDir, path, sealedSecret, isEnding: isEnding === true }];
  });
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    // Not JSON: as if there were no file.
    return {};
  }
}

function readRemote(value: unknown): RemoteSettings | null {
  if (typeof value !== 'object' || value === null) return null;
  const { url, sealedToken } = value as Readonly<Record<string, unknown>>;
  if (typeof url !== 'string') return null;
  const read = readRemoteUrl(url);
  if ('problem' in read) return null;
  return { url: read.url, sealedToken: typeof sealedToken === 'string' ? sealedToken : null };
}

function readUpdateUrl(value: unknown): string | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'string' || value.length > 2048 || !URL.canParse(value)) return undefined;
  const { protocol, username, password } = new URL(value);
  return protocol === 'https:' && username === '' && password === '' ? value : undefined;
}

/** Reads what a page asks to change; `null` where that is anything else. */
export function readSettingsChange(value: unknown): SettingsChange | null {
  if (typeof value !== 'object' || value === null) return null;
  const change: { startAtLogin?: boolean; keepRunning?: boolean; updateUrl?: string | null } = {};
  for (const [name, given] of Object.entries(value)) {
    const updateUrl = readUpdateUrl(given);
    if ((name === 'startAtLogin' || name === 'keepRunning') && typeof given === 'boolean')
      change[name] = given;
    else if (name === 'updateUrl' && updateUrl !== undefined) change.updateUrl = updateUrl;
    else return null;
  }
  return change;
}

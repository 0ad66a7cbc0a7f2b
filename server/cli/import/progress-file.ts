import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** How far an import has come. */
export interface ImportProgress {
  /** Events of the file that were answered, from its beginning. */
  readonly events: number;
  /** SHA-256 over the texts of these events: tells whether the file still begins with them. */
  readonly digest: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

export interface ProgressFile {
  readonly path: string;
  read(): ImportProgress | null;
  /** Not flushed: after a power cut events are sent again, and answer DUPLICATE. */
  write(progress: ImportProgress): void;
  remove(): void;
}

/**
 * Keeps the progress of one file into one ledger of one appliance.
 *
 * @param dataDir the appliance's data folder; `null` where it is not on this machine: then it lies beside the
 *   file.
 */
export function openProgressFile(
  file: string,
  dataDir: string | null,
  url: string,
  ledger: string | null,
): ProgressFile {
  // Of an appliance on this machine the folder is its name: its address may change from start to start.
  const parts = [resolve(file), dataDir === null ? url : '', ledger ?? ''];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, KEY_DIGITS);
  const path =
    dataDir === null
      ? `${resolve(file)}.${key.slice(0, 8)}.progress`
      : join(dataDir, 'imports', `${key}.json`);
  return {
    path,
    read() {
      return existsSync(path) ? toProgress(readFileSync(path, 'utf8')) : null;
    },
    write(progress) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const beside = `${path}.new`;
      writeFileSync(beside, `${JSON.stringify(progress)}\n`, { mode: 0o600 });
      renameSync(beside, path);
    },
    remove() {
      rmSync(path, { force: true });
    },
  };
}

const KEY_DIGITS = 32;

function toProgress(text: string): ImportProgress | null {
  try {
    const value: unknown = JSON.parse(text);
    return isProgress(value) ? value : null;
  } catch {
    // Half-written: the import begins anew, and what is known already answers DUPLICATE.
    return null;
  }
}

function isProgress(value: unknown): value is ImportProgress {
  if (typeof value !== 'object' || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  const counts = ['events', 'accepted', 'duplicates', 'rejected'];
  return (
    counts.every((name) => Number.isSafeInteger(members.get(name))) &&
    typeof members.get('digest') === 'string'
  );
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { loadConfig } from '#server/config.ts';
import { nearest } from '#server/nearest.ts';
import { dataDirPaths, holdDataDir } from '#server/storage/data-dir.ts';
import { unprotectKeys } from '#server/storage/key-protection.ts';
import { type KeyEncryptionKey, readRecoveryText } from '#server/storage/key-wrapping.ts';
import { readText } from './arguments.ts';
import type { Command } from './command.ts';
import { CannotRunError, EXIT, UsageError } from './exit-codes.ts';

/** No recovery file is longer; what is, was chosen by mistake. */
const FILE_BYTES_MAX = 16 * 1024;

/** `indelible keys`: takes the desktop app's protection off the keys of a data folder. */
export const keysCommand: Command = {
  name: 'keys',
  summary: 'Make keys plain again that the desktop app has protected.',
  usage: 'unprotect --recovery-file FILE',
  help: `The desktop app can encrypt the key files of its data folder with a secret that the system's keychain
keeps. A server without that keychain cannot start with such a folder. This command makes the key files plain
again (mode 0600), with the recovery file that was saved when the protection was turned on. No server may run
on the folder meanwhile. Cut off in the middle, it is run once more. The recovery file is only read. Keep it:
backups that were made meanwhile still need it.

  --recovery-file FILE  the recovery file`,
  options: { 'recovery-file': { type: 'string' } },
  async run(args, { env, output }) {
    const [action, ...rest] = args.positionals;
    if (action !== 'unprotect' || rest.length > 0) {
      const best = action === undefined ? '' : `; the nearest is ${nearest(action, ['unprotect'])}`;
      throw new UsageError(`keys can unprotect, with --recovery-file FILE${best}`);
    }
    const file = readText(args, 'recovery-file');
    if (file === null) throw new UsageError('keys unprotect needs --recovery-file FILE');
    const { dataDir } = loadConfig({ env });
    const { keys } = dataDirPaths(dataDir);
    if (!existsSync(keys)) throw new CannotRunError(`There are no keys in ${dataDir}.`);
    const kek = readRecoveryFile(file);
    const held = holdDataDir(dataDir);
    try {
      const count = unprotectKeys(keys, kek);
      output.line(
        count === 0 ? `No key in ${keys} is protected.` : `${count} key files in ${keys} are plain now.`,
      );
      return EXIT.done;
    } finally {
      held.release();
    }
  },
};

function readRecoveryFile(file: string): KeyEncryptionKey {
  const text = readShortText(file);
  const kek = text === null ? null : readRecoveryText(text);
  if (kek === null) {
    throw new CannotRunError(`There is no whole recovery line in ${file}: it is missing or was altered.`);
  }
  return kek;
}

function readShortText(file: string): string | null {
  try {
    return statSync(file).size > FILE_BYTES_MAX ? null : readFileSync(file, 'utf8');
  } catch (error) {
    throw new CannotRunError(
      `The recovery file cannot be read: ${error instanceof Error ? error.message : file}`,
    );
  }
}

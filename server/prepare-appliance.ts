import { existsSync, readFileSync } from 'node:fs';
import { BOOTSTRAP_TOKEN_ID, ensureBootstrapToken } from './access/bootstrap.ts';
import { DEFAULT_LEDGER } from './access/ledger.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { newSecret } from './id.ts';
import { createCreateLedger } from './ledgers/create-ledger.ts';
import type { Logger } from './log.ts';
import type { LedgerCatalog } from './ports/ledger-store.ts';
import { SYSTEM_LEDGER } from './ports/system-log.ts';
import type { TokenStore } from './ports/token-store.ts';
import { sha256 } from './sha256.ts';
import type { DataDir } from './storage/data-dir.ts';
import { writeDurably } from './storage/durable-file.ts';
import { createKeyFiles } from './storage/key-files.ts';

/** Where a new appliance's first things go. */
export interface ApplianceStores {
  readonly tokens: TokenStore;
  readonly catalog: LedgerCatalog;
}

/**
 * Sees to what a new appliance needs: the administrator's token, the default ledger and the appliance's own.
 * Again is no harm; no two processes may do it at once on one storage.
 *
 * @param isShared whether other data folders may belong to the same storage: then a token that was made for
 *   another folder stays as it is
 * @returns the file with the administrator's token, or `null` where none here has it
 */
export async function prepareAppliance(
  { tokens, catalog }: ApplianceStores,
  config: Config,
  dataDir: DataDir,
  log: Logger,
  isShared: boolean,
): Promise<string | null> {
  for (const ledger of [DEFAULT_LEDGER, SYSTEM_LEDGER]) {
    if (await catalog.find(ledger)) continue;
    await createLedgerCreator(config, dataDir, catalog)(ledger, null);
  }
  const file = dataDir.paths.adminToken;
  const isElsewhere = isShared && !existsSync(file) && (await tokens.find(BOOTSTRAP_TOKEN_ID)) !== null;
  if (config.adminToken === null && isElsewhere) {
    log.warn(
      { file },
      'The administrator token was made for another data folder; this one does not have it.',
    );
    return null;
  }
  const secret = config.adminToken ?? readOrMakeAdminToken(file);
  if (!(await ensureBootstrapToken({ tokens, clock: systemClock }, secret))) {
    log.warn('The administrator token was revoked and does not work: give another one.');
  }
  return config.adminToken === null ? file : null;
}

/** What makes ledgers, each with a key of its own in the data folder. */
export function createLedgerCreator(
  config: Config,
  { paths, instanceId, kek }: DataDir,
  catalog: Pick<LedgerCatalog, 'create' | 'find'>,
) {
  return createCreateLedger({
    catalog,
    keys: createKeyFiles(paths.keys, sha256, kek),
    sha256,
    clock: systemClock,
    originPrefix: config.originPrefix ?? `localhost/${instanceId}`,
  });
}

function readOrMakeAdminToken(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = newSecret();
  writeDurably(file, `${secret}\n`, 0o600);
  return secret;
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleServer, copySqlite } from '#scripts/bundle-server.ts';
import { prepare } from '#scripts/prepare.ts';

/** The server as it is shipped, in a folder that knows nothing of the project's. */
export interface ServerBundle {
  readonly folder: string;
  /** An empty folder to start it from. */
  readonly elsewhere: string;
  remove(): void;
}

/** Makes the bundle with what it needs beside it, for this machine. */
export async function makeServerBundle(): Promise<ServerBundle> {
  const root = mkdtempSync(join(tmpdir(), 'indelible-bundle-'));
  const folder = join(root, 'server');
  const elsewhere = join(root, 'elsewhere');
  prepare();
  await bundleServer(folder);
  copySqlite(join(folder, 'node_modules'), [`${process.platform}-${process.arch}`]);
  mkdirSync(elsewhere);
  return { folder, elsewhere, remove: () => rmSync(root, { recursive: true, force: true }) };
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine, SchemaFilter } from '@prisma/schema-engine-wasm';
import type { Migration } from '#server/storage/migrations.ts';
import type { Provider } from './generate.ts';
import { openPostgresConnections } from './schema-engine-postgres.ts';

/**
 * Prisma's schema engine as WebAssembly. The native engine is a download at first use; this one comes with
 * the packages, so that migrations can be made and checked without a network.
 */

/** No table and no enum belongs to someone else. */
export const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

/** The database that an engine works beside. */
export type EngineDatabase =
  /** File that "live" questions are about; `:memory:` where there are none. */
  | { readonly provider: 'sqlite'; readonly file: string }
  /**
   * Database that "live" questions are about, as a role that may make databases: migrations are tried out in
   * one.
   */
  | { readonly provider: 'postgresql'; readonly url: string };

interface EngineBindings {
  readonly SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

let bindings: Promise<EngineBindings> | undefined;

/**
 * Runs a question with an engine beside a database, and closes both afterwards.
 *
 * @param schema text of the stamped Prisma schema of that kind of database
 * @param ask gets the engine
 */
export async function withSchemaEngine<Answer>(
  schema: string,
  database: EngineDatabase,
  ask: (engine: SchemaEngine) => Promise<Answer>,
): Promise<Answer> {
  bindings ??= loadBindings();
  const { SchemaEngine: Engine } = await bindings;
  // The engine leaves its connections open, and with them its lock on a file.
  const opened: SqlDriverAdapter[] = [];
  const remember = (adapter: SqlDriverAdapter): SqlDriverAdapter => {
    opened.push(adapter);
    return adapter;
  };
  const connections = openConnections(database);
  const factory = bindMigrationAwareSqlAdapterFactory({
    ...connections,
    connect: async () => remember(await connections.connect()),
    connectToShadowDb: async () => remember(await connections.connectToShadowDb()),
  });
  const engine = await Engine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, factory);
  try {
    return await ask(engine);
  } finally {
    engine.free();
    for (const adapter of opened) await adapter.dispose();
  }
}

function openConnections(database: EngineDatabase): SqlMigrationAwareDriverAdapterFactory {
  return database.provider === 'sqlite'
    ? openSqliteConnections(database.file)
    : openPostgresConnections(database.url);
}

/** The migrations in the form the engine takes them. */
export function toMigrationList(provider: Provider, migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: '/',
    lockfile: { path: 'migration_lock.toml', content: `provider = "${provider}"\n` },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}

async function loadBindings(): Promise<EngineBindings> {
  // The engine reports its panics through this global and fails obscurely where it is missing.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: panicked } });
  const module: EngineBindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const folder = new URL('.', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = readFileSync(fileURLToPath(new URL('schema_engine_bg.wasm', folder)));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': toImports(module) });
  module.__wbg_set_wasm(instance.exports);
  const start = instance.exports['__wbindgen_start'] as (() => void) | undefined;
  if (start === undefined) throw new Error('the schema engine has no start function');
  start();
  return module;
}

function openSqliteConnections(file: string): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaBetterSqlite3({ url: file });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => runWholeScripts(await factory.connect()),
    connectToShadowDb: async () => runWholeScripts(await factory.connectToShadowDb()),
  };
}

/**
 * The engine sends whole migrations to `executeRaw`, and better-sqlite3 prepares one statement at a time
 * only.
 */
function runWholeScripts(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const executeOne = adapter.executeRaw.bind(adapter);
  adapter.executeRaw = async (query) => {
    if (query.args.length > 0) return await executeOne(query);
    await adapter.executeScript(query.sql);
    return 0;
  };
  return adapter;
}

function toImports(module: EngineBindings): WebAssembly.ModuleImports {
  const imports: WebAssembly.ModuleImports = {};
  for (const [name, value] of Object.entries<unknown>({ ...module })) {
    if (typeof value === 'function') imports[name] = value;
  }
  return imports;
}

function panicked(message: string): never {
  throw new Error(`the schema engine panicked: ${message}`);
}

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

/**
 * Prisma's schema engine as WebAssembly. The native engine is a download at first use; this one comes with
 * the packages, so that migrations can be made and checked without a network.
 */

/** No table and no enum belongs to someone else. */
export const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

interface EngineBindings {
  readonly SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

let bindings: Promise<EngineBindings> | undefined;

/**
 * Runs a question with an engine beside a SQLite file, and closes both afterwards.
 *
 * @param schema text of the stamped Prisma schema
 * @param ask gets the engine
 * @param file the database that "live" questions are about; `:memory:` where there are none
 */
export async function withSchemaEngine<Answer>(
  schema: string,
  ask: (engine: SchemaEngine) => Promise<Answer>,
  file = ':memory:',
): Promise<Answer> {
  bindings ??= loadBindings();
  const { SchemaEngine: Engine } = await bindings;
  // The engine leaves its connections open, and with them its lock on the file.
  const opened: SqlDriverAdapter[] = [];
  const factory = bindMigrationAwareSqlAdapterFactory(
    wrapConnections(new PrismaBetterSqlite3({ url: file }), (adapter) => {
      opened.push(adapter);
      return runWholeScripts(adapter);
    }),
  );
  const engine = await Engine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, factory);
  try {
    return await ask(engine);
  } finally {
    engine.free();
    for (const adapter of opened) await adapter.dispose();
  }
}

/** The migrations in the form the engine takes them. */
export function toMigrationList(migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: '/',
    lockfile: { path: 'migration_lock.toml', content: 'provider = "sqlite"\n' },
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

function wrapConnections(
  factory: PrismaBetterSqlite3,
  wrap: (adapter: SqlDriverAdapter) => SqlDriverAdapter,
): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => wrap(await factory.connect()),
    connectToShadowDb: async () => wrap(await factory.connectToShadowDb()),
  };
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

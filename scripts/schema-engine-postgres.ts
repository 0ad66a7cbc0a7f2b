import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import { Client, Pool, types, type QueryArrayConfig } from 'pg';

/** Postgres' one-byte type "char", of catalog columns only. */
const CHAR = 18;

/**
 * What the schema engine needs of Postgres, on the driver adapter that the reading client uses. That adapter
 * was not made for migrations: it cuts scripts at every `;`, also inside a function's body, does not know
 * the type of some catalog columns, takes the database itself for the shadow one when it is given a URL, and
 * drops a shadow database before it has let go of it.
 *
 * @param url a database, as a role that may make databases
 */
export function openPostgresConnections(url: string): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => openConnection(url, async () => undefined),
    async connectToShadowDb() {
      // Empty, and nobody else's: migrations are applied to it and it is thrown away.
      const name = `indelible_shadow_${randomUUID()}`;
      await run(url, `CREATE DATABASE "${name}" TEMPLATE template0`);
      const shadowUrl = new URL(url);
      shadowUrl.pathname = name;
      return await openConnection(shadowUrl.href, () => run(url, `DROP DATABASE "${name}" WITH (FORCE)`));
    },
  };
}

async function openConnection(url: string, afterwards: () => Promise<void>): Promise<SqlDriverAdapter> {
  // One connection: a script's settings hold for what follows it, and one answer comes after the other.
  const pool = new Pool({ connectionString: url, max: 1 });
  const query = pool.query.bind(pool);
  let charColumns: readonly number[] = [];
  Object.assign(pool, {
    query: async (asked: QueryArrayConfig) => {
      const result = await query(asked);
      charColumns = result.fields.flatMap((field, i) => (field.dataTypeID === CHAR ? [i] : []));
      for (const i of charColumns) result.fields[i]!.dataTypeID = types.builtins.BPCHAR;
      return result;
    },
  });
  const adapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (asked) => {
    const result = await queryRaw(asked);
    for (const i of charColumns) result.columnTypes[i] = ColumnTypeEnum.Character;
    return result;
  };
  adapter.executeScript = async (script) => void (await query(script));
  let isOpen = true;
  adapter.dispose = async () => {
    // The engine closes the shadow database's by itself, and leaves the other one open.
    if (!isOpen) return;
    isOpen = false;
    await pool.end();
    await afterwards();
  };
  return adapter;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

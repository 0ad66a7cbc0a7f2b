import { loadConfig } from '#server/config.ts';
import { sha256 } from '#server/sha256.ts';
import { createPostgresErasureStore } from '#server/storage/postgres/erasure-store.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresRecordSource } from '#server/storage/postgres/record-source.ts';
import { scrubPostgres } from '#server/storage/postgres/scrub.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { removeErased } from '#server/worker/remove-erased.ts';
import type { Command } from './command.ts';
import { CannotRunError, EXIT, UsageError } from './exit-codes.ts';

/**
 * How old an erasure must be: until then the servers may still be at it, and its exports and its index are
 * theirs to see to.
 */
const SETTLED_MS = 3 * 60_000;

/** `indelible scrub`: takes what was erased out of the files of Postgres. */
export const scrubCommand: Command = {
  name: 'scrub',
  summary: 'Take what was lawfully erased out of the files of Postgres.',
  usage: '',
  help: `With SQLite the appliance does this by itself, and there is nothing to do here. With Postgres only a
superuser can: set DATABASE_URL to that user's for this command. Servers may run meanwhile; whoever needs a
table that is being written anew waits for it: about a minute for a million records.

Written anew are the partitions that something was erased in, the ids, quarantine, the queue, the search
index and the statistics; the old write-ahead log is removed. Backups, archived logs and the files of replicas
are not reached. Erasures of the last three minutes are left to the next run.`,
  options: {},
  async run(args, { env, output, clock }) {
    if (args.positionals.length > 0) throw new UsageError(`scrub takes no ${args.positionals[0]}`);
    const { databaseUrl } = loadConfig({ env });
    if (databaseUrl === null) {
      output.line('With SQLite the appliance scrubs by itself.');
      return EXIT.done;
    }
    const startedAt = clock();
    const pool = openPool(databaseUrl, { max: 3, name: 'indelible scrub index' });
    try {
      await refuseWithoutRights(pool);
      const store = createPostgresErasureStore(pool);
      const applied = (await store.open()).filter(({ appliedAt }) => appliedAt !== null);
      const index = {
        store: createPostgresSegmentStore(pool),
        source: createPostgresRecordSource(pool),
        sha256,
      };
      for (const [ledgerNo, ofLedger] of Map.groupBy(applied, (one) => one.ledgerNo)) {
        await removeErased(
          index,
          ledgerNo,
          ofLedger.map((one) => one.index),
        );
      }
      const { obstacles } = await scrubPostgres(databaseUrl, (doing) => output.note(doing));
      for (const obstacle of obstacles) output.line(obstacle);
      // Crash before this: nothing is lost by doing it once more.
      if (obstacles.length === 0) await store.scrubbed(startedAt - SETTLED_MS, clock());
      const left = (await store.open()).length;
      output.line(left === 0 ? 'All that was erased is gone.' : `${left} erasures are left for another run.`);
      return obstacles.length === 0 ? EXIT.done : EXIT.badNews;
    } finally {
      await pool.end();
    }
  },
};

async function refuseWithoutRights(pool: ReturnType<typeof openPool>): Promise<void> {
  const { rows } = await pool.query<{ on: string }>("SELECT current_setting('is_superuser') AS on");
  if (rows[0]?.on === 'on') return;
  throw new CannotRunError('Only a superuser of the database can do this: set DATABASE_URL to its for now.');
}

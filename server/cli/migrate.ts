import { loadConfig } from '#server/config.ts';
import { type Arguments, readText } from './arguments.ts';
import type { Command } from './command.ts';
import { EXIT, UsageError } from './exit-codes.ts';

/** Longest name that Postgres keeps whole, in bytes. */
const ROLE_BYTES_MAX = 63;
/** Names that Postgres keeps for itself. */
const RESERVED_ROLE = /^(?:pg_.*|public|none)$/iu;

/** `indelible migrate`: makes or updates the tables on Postgres, and gives the role of the servers rights. */
export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Make or update the tables of a Postgres database, and give the role of the servers its rights.',
  usage: '[--database-url URL] [--app-role NAME] [--print]',
  help: `Run it as the role that is to own the tables; let the servers connect as another one, which can add
records and read them, and can neither change nor delete them. Running it again changes nothing.
SQLite needs none of this: each start updates its file.

  --database-url URL  postgresql://owner:password@host:port/database; by default DATABASE_URL
  --app-role NAME     the role that the servers connect as. It is made if it is missing, without a
                      password: an administrator's ALTER ROLE NAME PASSWORD '…' lets it log in. It gets
                      what the servers need, and loses what it has beyond that on these tables
  --print             change nothing and print the SQL, for an administrator to run as the owner: all of
                      it, for an empty database, or with --database-url what that database lacks`,
  options: {
    'database-url': { type: 'string' },
    'app-role': { type: 'string' },
    print: { type: 'boolean' },
  },
  async run(args, { env, output }) {
    const [extra] = args.positionals;
    if (extra !== undefined) {
      throw new UsageError(`migrate takes no ${extra}: give --database-url and --app-role`);
    }
    const role = readRole(args);
    const isPrint = args.values['print'] === true;
    const given = readText(args, 'database-url');
    const url = given ?? (isPrint ? null : (env['DATABASE_URL'] ?? ''));
    if (url === '') throw new UsageError('migrate needs --database-url or DATABASE_URL');
    // All settings are checked, since the servers of this database have the same.
    const { queueName } = loadConfig({ env: url === null ? env : { ...env, DATABASE_URL: url } });
    const { migrateDatabase, writeScript } = await import('./migrate/migrate-database.ts');
    if (isPrint) {
      output.line(await writeScript(url, { queueName, role }));
      return EXIT.done;
    }
    await migrateDatabase(url ?? '', { queueName, role }, output);
    if (role === null) {
      output.note('No rights were given: --app-role names the role that the servers connect as.');
    }
    return EXIT.done;
  },
};

function readRole(args: Arguments): string | null {
  const role = readText(args, 'app-role');
  if (role === null) return null;
  if (role.trim() === '' || Buffer.byteLength(role) > ROLE_BYTES_MAX) {
    throw new UsageError(`--app-role must have 1 to ${ROLE_BYTES_MAX} bytes`);
  }
  if (RESERVED_ROLE.test(role))
    throw new UsageError(`--app-role cannot be ${role}: Postgres keeps that name`);
  return role;
}

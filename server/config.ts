import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { nearest } from './nearest.ts';

/** One setting: where it comes from, what it is when it is not given, and what it means. */
export interface Setting {
  readonly name: string;
  /** As `docs/OPERATIONS.md` shows it. */
  readonly defaultText: string;
  readonly meaning: string;
  readonly schema: z.ZodType;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const WHOLE = /^\d{1,9}$/;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(WHOLE, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

/** What a process does; more than one kind only where many share one Postgres. */
const ROLES = ['all', 'api', 'worker'] as const;

/** Never quoted in a message: it holds the password. */
const postgresUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^postgres(?:ql)?:$/.test(new URL(value).protocol),
    'must be postgresql://user:password@host:port/database',
  )
  .optional();

const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
const text = z.string().min(1, 'must not be empty');

/** Every setting there is. The table in `docs/OPERATIONS.md` is made from this. */
export const SETTINGS = [
  {
    name: 'INDELIBLE_DATA_DIR',
    defaultText: "the platform's data folder",
    meaning:
      'Folder of the SQLite files, the keys (mode 0600) and the administrator token. With Postgres the ' +
      'processes that sign need the same keys: one shared folder, or copies of it.',
    schema: text.optional(),
  },
  {
    name: 'DATABASE_URL',
    defaultText: 'unset: SQLite',
    meaning: '`postgresql://…`: Postgres holds the records and the queue, for as many processes as you like.',
    schema: postgresUrl,
  },
  {
    name: 'DATABASE_REPLICA_URL',
    defaultText: 'unset',
    meaning: 'A standby of that Postgres: records are read there, never what decides anything.',
    schema: postgresUrl,
  },
  {
    name: 'INDELIBLE_ROLE',
    defaultText: '`all`',
    meaning:
      '`api` takes events and answers questions, `worker` records, `all` does both. With SQLite only `all`.',
    schema: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`).default('all'),
  },
  {
    name: 'HOST',
    defaultText: '`127.0.0.1`',
    meaning: 'Address to listen on. Anything but loopback needs TLS or `INDELIBLE_BEHIND_PROXY`.',
    schema: text.default('127.0.0.1'),
  },
  {
    name: 'PORT',
    defaultText: '`4280`',
    meaning: 'Port to listen on, 0 to 65,535; 0 takes a free one.',
    schema: whole(0, 65_535).default(4280),
  },
  {
    name: 'INDELIBLE_TLS_CERT',
    defaultText: 'unset',
    meaning: 'PEM file of the certificate chain. With it the server speaks HTTPS only.',
    schema: text.optional(),
  },
  {
    name: 'INDELIBLE_TLS_KEY',
    defaultText: 'unset',
    meaning: "PEM file of the certificate's private key.",
    schema: text.optional(),
  },
  {
    name: 'INDELIBLE_BEHIND_PROXY',
    defaultText: '`false`',
    meaning:
      '`true` states that a proxy in front ends TLS: allows a `HOST` that is not loopback without it, and ' +
      'has browsers send the session cookie over HTTPS only.',
    schema: flag.default(false),
  },
  {
    name: 'AUDIT_QUEUE_NAME',
    defaultText: '`audit-events`',
    meaning: 'Name of the queue, as metrics and logs show it.',
    schema: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . -')
      .default('audit-events'),
  },
  {
    name: 'WORKER_CONCURRENCY',
    defaultText: '`2`',
    meaning: 'Batches worked on at once in this process, each of another ledger, 1 to 64.',
    schema: whole(1, 64).default(2),
  },
  {
    name: 'LOG_LEVEL',
    defaultText: '`info`',
    meaning: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`; one JSON object a line.',
    schema: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  },
  {
    name: 'INDELIBLE_ADMIN_TOKEN',
    defaultText: 'unset',
    meaning: "The first administrator's secret, 20 to 256 visible ASCII characters; unset, one is made.",
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{20,256}$/, 'must have 20 to 256 visible ASCII characters')
      .optional(),
  },
  {
    name: 'INDELIBLE_ORIGIN',
    defaultText: '`localhost/<instance id>`',
    meaning: "Prefix of every new ledger's origin. Ledgers keep the origin they were created with.",
    schema: z
      .string()
      .regex(/^[^\s+]{1,200}$/u, 'must have 1 to 200 characters, no white space and no +')
      .optional(),
  },
  {
    name: 'INDELIBLE_VERIFY_HOURS',
    defaultText: '`24`',
    meaning: 'Every ledger is verified as a whole this often, in hours, 1 to 8,760; 0: only when asked for.',
    schema: whole(0, 8_760).default(24),
  },
  {
    name: 'INDELIBLE_EXPORT_DIR',
    defaultText: '`<data dir>/exports`',
    meaning:
      'Folder of finished exports. Several API processes behind one address need one folder that they share.',
    schema: text.optional(),
  },
  {
    name: 'INDELIBLE_EXPORT_DAYS',
    defaultText: '`7`',
    meaning: 'Finished exports are removed after this many days, 1 to 3,650.',
    schema: whole(1, 3_650).default(7),
  },
  {
    name: 'INDELIBLE_PUBLIC_LEDGERS',
    defaultText: 'unset: none',
    meaning:
      'Ledgers, `*` or ids with commas between, whose checkpoint, tiles and entry bundles anyone may fetch ' +
      'without a token. They hold hashes and times, no content.',
    schema: z
      .string()
      .regex(
        /^(?:\*|[A-Za-z0-9][\w.-]{0,63}(?:,[A-Za-z0-9][\w.-]{0,63})*)$/,
        'must be * or ledger ids with commas between',
      )
      .transform((value) => (value === '*' ? value : value.split(',')))
      .optional(),
  },
  {
    name: 'INDELIBLE_WITNESSES',
    defaultText: 'unset: none',
    meaning:
      'Witnesses that checkpoints are offered to, with commas between, each as its verifier key, ' +
      'a space and the URL prefix of its `add-checkpoint`.',
    schema: z
      .string()
      .transform((value) => value.split(',').map((part) => part.trim()))
      .refine(
        (parts) =>
          parts.every((part) => /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2} https?:\/\/\S+$/u.test(part)),
        'must be verifier keys, each with a space and an http(s) URL behind it, with commas between',
      )
      .transform((parts) =>
        parts.map((part) => {
          const [vkey = '', url = ''] = part.split(' ');
          return { vkey, url: url.replace(/\/+$/, '') };
        }),
      )
      .optional(),
  },
  {
    name: 'INDELIBLE_WITNESS_NAME',
    defaultText: 'unset: it is none',
    meaning:
      "This appliance's name as a witness for other logs, e.g. `witness.example.com/w1`: no white space, " +
      'no +. Its keys are made in the data folder, and its verifier keys logged, at the start.',
    schema: z
      .string()
      .regex(/^[^\s+,]{1,200}$/u, 'must have 1 to 200 characters, no white space, no + and no comma')
      .optional(),
  },
  {
    name: 'INDELIBLE_WITNESSED_LOGS',
    defaultText: 'unset: none',
    meaning: 'Verifier keys, with commas between, of the logs that this appliance is a witness for.',
    schema: z
      .string()
      .transform((value) => value.split(',').map((part) => part.trim()))
      .refine(
        (parts) => parts.every((part) => /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$/u.test(part)),
        'must be verifier keys with commas between',
      )
      .optional(),
  },
] as const satisfies readonly Setting[];

type SettingValues = {
  readonly [One in (typeof SETTINGS)[number] as One['name']]: z.infer<One['schema']>;
};

/**
 * Settings that later editions know. Refused here, since ignoring them would put records where nobody looks.
 */
const NOT_IN_THIS_EDITION: Readonly<Record<string, string>> = {
  CONFIG_PATH: 'this version reads its settings from the environment only',
};

export interface Config {
  readonly dataDir: string;
  /** `null`: SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly replicaUrl: string | null;
  readonly role: (typeof ROLES)[number];
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Whether a proxy in front ends TLS. */
  readonly behindProxy: boolean;
  readonly queueName: string;
  readonly workerConcurrency: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly adminToken: string | null;
  /** `null`: made from the instance id that the data folder keeps. */
  readonly originPrefix: string | null;
  /** 0: never by itself. */
  readonly verifyHours: number;
  /** `null`: in the data folder. */
  readonly exportDir: string | null;
  readonly exportDays: number;
  readonly publicLedgers: '*' | readonly string[];
  readonly witnesses: readonly { readonly vkey: string; readonly url: string }[];
  /** `null`: this appliance is no witness. */
  readonly witness: { readonly name: string; readonly logs: readonly string[] } | null;
}

export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the settings from the environment.
 *
 * @throws AppError CONFIG_INVALID naming every setting that is wrong and why.
 */
export function loadConfig({ env }: ConfigSource): Config {
  const problems = [...unknownSettings(env)];
  const parsed: Record<string, unknown> = {};
  for (const { name, schema } of SETTINGS) {
    // An empty variable is one that is not set: compose files and shells make them.
    const result = schema.safeParse(env[name] === '' ? undefined : env[name]);
    if (result.success) parsed[name] = result.data;
    else problems.push(`${name} ${result.error.issues[0]?.message ?? 'is not valid'}`);
  }
  // Every setting was parsed by its own schema, or there is a problem to report.
  const values = parsed as SettingValues;
  if (problems.length === 0) problems.push(...contradictions(values));
  if (problems.length > 0) throw new AppError('CONFIG_INVALID', { message: problems.join('; ') });
  return Object.freeze(toConfig(values, env));
}

function toConfig(values: SettingValues, env: ConfigSource['env']): Config {
  const { INDELIBLE_TLS_CERT: certFile, INDELIBLE_TLS_KEY: keyFile } = values;
  return {
    dataDir: resolve(values.INDELIBLE_DATA_DIR ?? defaultDataDir(env)),
    databaseUrl: values.DATABASE_URL ?? null,
    replicaUrl: values.DATABASE_REPLICA_URL ?? null,
    role: values.INDELIBLE_ROLE,
    host: values.HOST,
    port: values.PORT,
    tls: certFile && keyFile ? { certFile, keyFile } : null,
    behindProxy: values.INDELIBLE_BEHIND_PROXY,
    queueName: values.AUDIT_QUEUE_NAME,
    workerConcurrency: values.WORKER_CONCURRENCY,
    logLevel: values.LOG_LEVEL,
    adminToken: values.INDELIBLE_ADMIN_TOKEN ?? null,
    originPrefix: values.INDELIBLE_ORIGIN ?? null,
    verifyHours: values.INDELIBLE_VERIFY_HOURS,
    exportDir: values.INDELIBLE_EXPORT_DIR === undefined ? null : resolve(values.INDELIBLE_EXPORT_DIR),
    exportDays: values.INDELIBLE_EXPORT_DAYS,
    publicLedgers: values.INDELIBLE_PUBLIC_LEDGERS ?? [],
    witnesses: values.INDELIBLE_WITNESSES ?? [],
    witness:
      values.INDELIBLE_WITNESS_NAME === undefined
        ? null
        : { name: values.INDELIBLE_WITNESS_NAME, logs: values.INDELIBLE_WITNESSED_LOGS ?? [] },
  };
}

/** The environment of this process: the one place that reads it. */
export function readEnvironment(): ConfigSource['env'] {
  return process.env;
}

function* unknownSettings(env: ConfigSource['env']): Generator<string> {
  const known: string[] = SETTINGS.map((setting) => setting.name);
  for (const [name, reason] of Object.entries(NOT_IN_THIS_EDITION)) {
    if (env[name]) yield `${name} is set, but ${reason}`;
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('INDELIBLE_') || known.includes(name) || OTHER_READERS.has(name)) continue;
    yield `${name} is not a setting; the nearest is ${nearest(name, known)}`;
  }
}

/** Read by the command line or the tests, not by the server. */
const OTHER_READERS = new Set(['INDELIBLE_TOKEN', 'INDELIBLE_URL', 'INDELIBLE_PINS', 'INDELIBLE_CORPORA']);

function* contradictions(values: SettingValues): Generator<string> {
  const { HOST: host, INDELIBLE_TLS_CERT: cert, INDELIBLE_TLS_KEY: key } = values;
  if (values.DATABASE_URL === undefined) {
    if (values.INDELIBLE_ROLE !== 'all') yield 'INDELIBLE_ROLE can only be all with SQLite: set DATABASE_URL';
    if (values.DATABASE_REPLICA_URL) yield 'DATABASE_REPLICA_URL needs DATABASE_URL';
  }
  if (values.INDELIBLE_WITNESSED_LOGS && values.INDELIBLE_WITNESS_NAME === undefined) {
    yield 'INDELIBLE_WITNESSED_LOGS needs INDELIBLE_WITNESS_NAME';
  }
  if (Boolean(cert) !== Boolean(key)) yield 'INDELIBLE_TLS_CERT and INDELIBLE_TLS_KEY go together';
  if (!LOOPBACK.has(host) && !cert && !values.INDELIBLE_BEHIND_PROXY) {
    yield `HOST ${host} is not loopback: set INDELIBLE_TLS_CERT and INDELIBLE_TLS_KEY, ` +
      'or INDELIBLE_BEHIND_PROXY=true';
  }
}

function defaultDataDir(env: ConfigSource['env']): string {
  const home = env['HOME'] ?? homedir();
  switch (process.platform) {
    case 'win32':
      return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'Indelible');
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'Indelible');
    default:
      return join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'indelible');
  }
}

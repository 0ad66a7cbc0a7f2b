import type { ImportRule } from './checkers/imports.ts';

/** Who may import whom: the table of `docs/ARCHITECTURE.md`, as data. */

const FEATURES = [
  'access',
  'alerts',
  'demo',
  'erasures',
  'events',
  'exports',
  'index',
  'jobs',
  'ledgers',
  'records',
  'reports',
  'retention',
  'telemetry',
  'verifications',
  'witnesses',
].map((name) => `server/${name}`);
const BASICS = ['server/errors', 'server/clock', 'server/id', 'server/log', 'server/nearest'];
const CORE = ['server/ports', 'server/ledger', ...BASICS];
/** What runs the grammar of the query language. */
const LEZER = ['@lezer/lr', '@lezer/common'];
/** What draws the page. */
const UI_PACKAGES = [
  '@codemirror/*',
  '@fontsource-variable/jetbrains-mono',
  '@graphql-typed-document-node/core',
  '@internationalized/date',
  '@lezer/highlight',
  '@tanstack/*',
  'd3-scale',
  'diff',
  'lucide-react',
  'react',
  'react-aria-components',
  'react-dom',
];
const NONE: readonly string[] = [];

/** What a feature may import besides. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  // What the query language calls a word or an address is what the index calls one.
  'server/records': ['server/index'],
  // The index is made anew to compare it.
  'server/verifications': ['server/index'],
  // An export writes what a page shows, and is a job.
  'server/exports': ['server/records', 'server/jobs'],
};

export const IMPORT_TABLE: readonly ImportRule[] = [
  // Pure: the browser and an offline verifier use the same files, so not even Node's own modules.
  { area: 'server/ledger', may: NONE, packages: NONE },
  { area: 'server/ports', may: NONE, mayTypesOf: ['server/ledger'], packages: NONE },
  { area: 'server/errors', may: NONE, packages: NONE },
  { area: 'server/clock', may: NONE, packages: NONE },
  { area: 'server/nearest', may: NONE, packages: NONE },
  { area: 'server/id', may: NONE, packages: ['node:crypto'] },
  { area: 'server/log', may: NONE, packages: ['pino'] },
  { area: 'server/places', may: NONE, packages: ['node:url'] },
  { area: 'server/ed25519', may: NONE, mayTypesOf: ['server/ledger'], packages: ['@noble'] },
  { area: 'server/ml-dsa', may: NONE, mayTypesOf: ['server/ledger'], packages: ['node:crypto'] },
  { area: 'server/sha256', may: NONE, mayTypesOf: ['server/ledger'], packages: ['node:crypto'] },
  { area: 'server/config', may: ['server/errors', 'server/nearest'], packages: ['node:*', 'zod'] },
  // Features know contracts, never each other and never how something is stored or served.
  ...FEATURES.map((area) => ({
    area,
    may: [...CORE, ...(ALSO[area] ?? NONE)],
    packages: ['node:*', 'prom-client', 'zod', ...LEZER],
  })),
  {
    area: 'server/storage',
    may: [...CORE, 'prisma/generated'],
    // Timers are arguments.
    mayTypesOf: ['server/worker/timer'],
    packages: [
      'node:*',
      'better-sqlite3',
      'pg',
      'pg-boss',
      '@prisma/adapter-pg',
      '@prisma/driver-adapter-utils',
    ],
  },
  { area: 'server/worker', may: [...CORE, ...FEATURES], packages: ['node:*'] },
  {
    area: 'server/http',
    may: [...CORE, 'schema', 'server/access', 'server/telemetry'],
    // The routes hand work to what the composition root gives them; they name its types only.
    mayTypesOf: FEATURES,
  },
  {
    area: 'server/cli',
    may: [
      ...CORE,
      ...FEATURES,
      ...['app', 'config', 'main', 'places', 'ed25519', 'ml-dsa', 'sha256'].map((name) => `server/${name}`),
      'server/storage',
      // The doctor asks the same questions as the start.
      'server/worker/check-start',
      // Making the index anew is the stage's work, with or without a server.
      'server/worker/index-ledgers',
      'server/worker/plan-segment',
      // What was erased goes out of the index the same way.
      'server/worker/remove-erased',
      'scripts/prepare',
    ],
  },
  {
    area: 'server/main',
    may: ['app', 'clock', 'config', 'errors', 'log'].map((name) => `server/${name}`),
    packages: ['node:*'],
  },
  { area: 'server/standalone', may: ['server/main'], packages: NONE },
  { area: 'server/messages', may: NONE, mayTypesOf: ['server/errors'], packages: NONE },
  {
    area: 'server/utility-process',
    may: ['app', 'clock', 'config', 'errors', 'main', 'messages', 'places'].map((name) => `server/${name}`),
    packages: ['node:*'],
  },
  // The composition root, what it puts together of each storage, and the entries of threads.
  { area: 'server/app', may: ['server', 'schema', 'prisma/generated'] },
  { area: 'server/open-sqlite', may: ['server', 'schema', 'prisma/generated'] },
  { area: 'server/open-postgres', may: ['server', 'schema'] },
  { area: 'server/start-recording', may: ['server'] },
  { area: 'server/start-recording-thread', may: ['server'] },
  { area: 'server/recording', may: ['server'] },
  { area: 'server/recording-status', may: NONE, mayTypesOf: ['server/telemetry'], packages: NONE },
  { area: 'server/recording-thread', may: ['server'] },
  { area: 'server/index-thread', may: ['server'] },
  { area: 'server/job-thread', may: ['server'] },
  { area: 'server/start-jobs', may: ['server'] },
  { area: 'server/start-proving', may: ['server'] },
  { area: 'server/open-access', may: ['server'] },
  { area: 'server/open-keys', may: ['server'] },
  { area: 'server/yield-to-others', may: NONE, packages: ['node:os'] },
  { area: 'server/start-index-thread', may: ['server'] },
  { area: 'server/search-thread', may: ['server'] },
  { area: 'server/start-search-thread', may: ['server'] },
  { area: 'server/start-search', may: ['server'] },
  { area: 'server/serve-search', may: ['server'] },
  { area: 'server/search-messages', may: NONE, mayTypesOf: ['server'], packages: NONE },
  { area: 'server/prepare-appliance', may: ['server'] },
  { area: 'server/backend', may: NONE, mayTypesOf: ['server', 'schema'], packages: NONE },
  { area: 'server/writer', may: ['server'] },
  { area: 'server/writer-thread', may: ['server/writer'], packages: ['node:worker_threads'] },
  {
    area: 'schema',
    may: [...FEATURES, 'server/ports', 'server/ledger', 'server/errors', 'server/sha256', 'prisma/generated'],
    mayTypesOf: BASICS,
  },
  {
    area: 'ui',
    // What is checked in the browser is checked by the same code, and the search bar speaks the same
    // language.
    may: [
      'server/ledger',
      'server/ed25519',
      'server/clock',
      'server/errors',
      'server/records/query',
      'server/records/csv',
    ],
    mayTypesOf: ['server/ports'],
    packages: ['@noble', ...LEZER, ...UI_PACKAGES],
  },
  // The shell forks the server; it knows what the two say to each other, and nothing else of it.
  {
    area: 'electron',
    may: NONE,
    mayTypesOf: ['server/messages'],
    packages: ['node:*', 'electron', 'electron-updater'],
  },
  { area: 'scripts', may: ['*'] },
  { area: 'test', may: ['*'] },
];

import { fileURLToPath } from 'node:url';

/**
 * Where the files lie that the server reads, and the threads that it starts: among its sources, or, in the
 * bundle, beside the file that runs (`scripts/bundle-server.ts` puts them there).
 */
const IS_BUNDLE = !import.meta.url.endsWith('.ts');

/** The threads of the server, each with an entry of its own. */
export const THREADS = [
  'index-thread',
  'job-thread',
  'recording-thread',
  'search-thread',
  'writer-thread',
] as const;

/** The entry of one thread. */
export function threadEntry(name: (typeof THREADS)[number]): URL {
  return new URL(`./${name}.${IS_BUNDLE ? 'js' : 'ts'}`, import.meta.url);
}

const placeOf = (inSources: string, inBundle: string): string =>
  fileURLToPath(new URL(IS_BUNDLE ? `./${inBundle}` : `../${inSources}`, import.meta.url));

/** The page, built. */
export const UI_DIR = placeOf('dist/ui', 'ui');
/** The page that verifies evidence, in one file. */
export const VERIFY_PAGE = placeOf('dist/verify.html', 'verify.html');
/** Folders of migrations, one for each database. */
export const MIGRATIONS = {
  sqlite: placeOf('prisma/sqlite/migrations', 'migrations/sqlite'),
  postgres: placeOf('prisma/postgres/migrations', 'migrations/postgres'),
} as const;
/** Has the version in it. */
export const PACKAGE_FILE = placeOf('package.json', 'package.json');

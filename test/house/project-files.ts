import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from './checkers/source.ts';

/** Reads the project as the checkers take it. */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders with code of ours. */
export const CODE_FOLDERS = ['server', 'schema', 'ui', 'electron', 'scripts', 'test'] as const;

/** What git ignores, and git itself. */
const NOT_OURS = new Set(['node_modules', '.git', 'dist', 'test-results', 'coverage']);
const NOT_OURS_PATHS = new Set(['prisma/generated', 'prisma/.stamped', 'ui/graphql/generated.ts']);

/** Every file of the project that git would keep, by its path with `/`. */
export function listProject(): readonly string[] {
  return listFolder('').toSorted();
}

function listFolder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((item) => {
    const path = folder === '' ? item.name : `${folder}/${item.name}`;
    if (item.isFile()) return item.name.endsWith('.log') || NOT_OURS_PATHS.has(path) ? [] : [path];
    const isOurs = item.isDirectory() && !NOT_OURS.has(item.name) && !NOT_OURS_PATHS.has(path);
    return isOurs ? listFolder(path) : [];
  });
}

export function readProjectFile(path: string): SourceFile {
  return { path, text: readFileSync(join(ROOT, path.replaceAll('/', sep)), 'utf8') };
}

/**
 * The TypeScript files of some folders. Throws where a folder has none: a rule that reads nothing holds
 * nothing.
 */
export function readCode(folders: readonly string[] = CODE_FOLDERS): readonly SourceFile[] {
  const project = listProject();
  return folders.flatMap((folder) => {
    const paths = project.filter((path) => path.startsWith(`${folder}/`) && /\.tsx?$/.test(path));
    if (paths.length === 0) throw new Error(`there are no TypeScript files in ${folder}`);
    return paths.map(readProjectFile);
  });
}

import type { Fault } from './source.ts';

/**
 * Files that every folder under a parent should have and one lacks: parallel folders call the same thing by
 * the same name.
 *
 * @param names of the files that all of them have; those that only one kind needs are its own affair
 */
export function checkParallelNames(
  paths: readonly string[],
  parent: string,
  names: readonly string[],
): readonly Fault[] {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    if (!path.startsWith(`${parent}/`)) continue;
    const [folder, ...rest] = path.slice(parent.length + 1).split('/');
    if (folder === undefined || rest.length === 0) continue;
    folders.set(folder, (folders.get(folder) ?? new Set()).add(rest.join('/')));
  }
  return [...folders].flatMap(([folder, files]) =>
    names
      .filter((name) => !files.has(name))
      .map((name) => ({
        path: `${parent}/${folder}`,
        line: 1,
        message: `has no ${name}, as every folder beside it`,
      })),
  );
}

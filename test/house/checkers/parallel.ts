import type { Fault } from './source.ts';

/**
 * Files that one folder under a parent has and another one lacks: parallel folders have the same file names.
 */
export function checkParallelNames(paths: readonly string[], parent: string): readonly Fault[] {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    if (!path.startsWith(`${parent}/`)) continue;
    const [folder, ...rest] = path.slice(parent.length + 1).split('/');
    if (folder === undefined || rest.length === 0) continue;
    folders.set(folder, (folders.get(folder) ?? new Set()).add(rest.join('/')));
  }
  const names = new Set([...folders.values()].flatMap((files) => [...files]));
  return [...folders].flatMap(([folder, files]) =>
    [...names]
      .filter((name) => !files.has(name))
      .map((name) => ({
        path: `${parent}/${folder}`,
        line: 1,
        message: `has no ${name}, a folder beside it has`,
      })),
  );
}

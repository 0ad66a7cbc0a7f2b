import { posix } from 'node:path';
import { createFaultList, type Fault, parseSource, type SourceFile, walk } from './source.ts';

/** What the files of one area may import besides each other. */
export interface ImportRule {
  /** A folder, or a file without its ending. The first rule whose area holds a file is that file's rule. */
  readonly area: string;
  /** Areas of ours; `*` is all. */
  readonly may: readonly string[];
  /** Areas of which only types may be imported. */
  readonly mayTypesOf?: readonly string[];
  /** Packages and Node's modules: all where this is left out. A name that ends in `*` is a prefix. */
  readonly packages?: readonly string[];
}

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly offset: number;
}

/**
 * Holds files against the import table.
 *
 * Imports of ours go through `#folder/…` or down from where the file lies, never up, and name the file with
 * its ending.
 */
export function checkImports(files: readonly SourceFile[], rules: readonly ImportRule[]): readonly Fault[] {
  return files.flatMap((file) => {
    const { faults, add } = createFaultList(file);
    const rule = rules.find(({ area }) => isInArea(file.path, area));
    if (rule === undefined) add(0, 'lies in no area of the import table');
    else {
      for (const found of findImports(file)) {
        const message = judge(file.path, found, rule);
        if (message !== null) add(found.offset, message);
      }
    }
    return faults;
  });
}

function judge(path: string, { specifier, isTypeOnly }: Import, rule: ImportRule): string | null {
  const target = resolveOurs(path, specifier);
  if (target === null) {
    const isAllowed = rule.packages?.some((name) => matchesName(specifier, name)) ?? true;
    return isAllowed ? null : `${rule.area} may not import the package ${specifier}`;
  }
  if (specifier.startsWith('..')) return `imports ${specifier}: go through #${target}`;
  if (!/\.[a-z]+$/.test(specifier)) return `imports ${specifier} without the file's ending`;
  if (isInArea(target, rule.area)) return null;
  if (rule.may.some((area) => area === '*' || isInArea(target, area))) return null;
  const isTypeAllowed = (rule.mayTypesOf ?? []).some((area) => isInArea(target, area));
  if (isTypeAllowed && isTypeOnly) return null;
  return isTypeAllowed
    ? `${rule.area} may import only types from ${target}`
    : `${rule.area} may not import ${target}`;
}

/** The file that an import of ours means, from the project's folder; `null` for packages. */
function resolveOurs(path: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  return null;
}

function isInArea(path: string, area: string): boolean {
  return path.startsWith(`${area}/`) || path.replace(/(\.d)?\.[a-z]+$/, '') === area;
}

function matchesName(specifier: string, name: string): boolean {
  if (name.endsWith('*')) return specifier.startsWith(name.slice(0, -1));
  return specifier === name || specifier.startsWith(`${name}/`);
}

/** Every import of a file: static, re-exported, dynamic, and inside a type. */
export function findImports(file: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  const add = (source: unknown, isTypeOnly: boolean, offset: number) => {
    if (typeof source === 'string') imports.push({ specifier: source, isTypeOnly, offset });
  };
  walk(parseSource(file), (node) => {
    if (node.type === 'ImportDeclaration') {
      const named = node.specifiers.map((one) => one.type === 'ImportSpecifier' && one.importKind === 'type');
      add(
        node.source.value,
        node.importKind === 'type' || (named.length > 0 && named.every(Boolean)),
        node.start,
      );
    } else if (node.type === 'ExportAllDeclaration' || node.type === 'ExportNamedDeclaration') {
      add(node.source?.value, node.exportKind === 'type', node.start);
    } else if (node.type === 'ImportExpression') {
      add('value' in node.source ? node.source.value : undefined, false, node.start);
    } else if (node.type === 'TSImportType') {
      add(node.source.value, true, node.start);
    }
  });
  return imports;
}

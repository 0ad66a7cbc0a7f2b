import type { ESTree } from 'vite';
import { createFaultList, type Fault, parseSource, type SourceFile } from './source.ts';

/** Words that say nothing about what a thing is; as a file's or folder's name, or as part of one. */
const EMPTY_WORDS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc']);
/** The same as a first word, where it is a verb: `process-event`. A `server-process` is a thing. */
const EMPTY_VERBS = new Set(['handle', 'process']);
/** The same in the names of functions, classes and types. `processed…` and `handler` are other words. */
const EMPTY_NAME =
  /^(?:handle|process)(?=[A-Z]|$)|(?:Utils?|Helpers?|Manager)$|^(?:utils?|helpers?|common|manager)$/;

const KEBAB = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** File and folder names that are not kebab-case or that say nothing. */
export function checkFileNames(paths: readonly string[]): readonly Fault[] {
  return paths.flatMap((path) =>
    path.split('/').flatMap((part) => {
      const words = part.split('.').filter((word) => word !== '');
      const odd = words.find((word) => !KEBAB.test(word));
      if (odd !== undefined) return [{ path, line: 1, message: `${part} is not kebab-case` }];
      const empty = (words[0] ?? '')
        .split('-')
        .find((word, at) => EMPTY_WORDS.has(word) || (at === 0 && EMPTY_VERBS.has(word)));
      return empty === undefined ? [] : [{ path, line: 1, message: `${part} says nothing with "${empty}"` }];
    }),
  );
}

/** Names of top-level functions, classes and types that say nothing, and default exports. */
export function checkDeclarations(files: readonly SourceFile[]): readonly Fault[] {
  return files.flatMap((file) => {
    const { faults, add } = createFaultList(file);
    for (const statement of parseSource(file).program.body) {
      if (statement.type === 'ExportDefaultDeclaration' && !file.path.endsWith('.config.ts')) {
        add(statement.start, 'has a default export');
      }
      for (const name of declaredNames(statement)) {
        if (EMPTY_NAME.test(name)) add(statement.start, `the name ${name} says nothing`);
      }
    }
    return faults;
  });
}

function declaredNames(statement: ESTree.Node): readonly string[] {
  switch (statement.type) {
    case 'ExportNamedDeclaration':
      return statement.declaration === null ? [] : declaredNames(statement.declaration);
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return statement.id === null ? [] : [statement.id.name];
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return [statement.id.name];
    case 'VariableDeclaration':
      return statement.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
    default:
      return [];
  }
}

/** Files that only pass on what others export. */
export function checkBarrels(files: readonly SourceFile[]): readonly Fault[] {
  return files.flatMap((file) => {
    const { body } = parseSource(file).program;
    const passesOn = body.filter(
      (statement) =>
        statement.type === 'ExportAllDeclaration' ||
        (statement.type === 'ExportNamedDeclaration' && statement.source !== null),
    );
    const isBarrel = body.length > 0 && passesOn.length === body.length;
    return isBarrel ? [{ path: file.path, line: 1, message: 'only passes on what other files export' }] : [];
  });
}

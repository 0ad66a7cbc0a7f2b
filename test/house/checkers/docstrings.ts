import type { ESTree } from 'vite';
import { createFaultList, type Fault, parseSource, type SourceFile } from './source.ts';

/** Exported functions, and exported interfaces that have methods, that say nothing about themselves. */
export function checkDocstrings(files: readonly SourceFile[]): readonly Fault[] {
  return files.flatMap((file) => {
    const parsed = parseSource(file);
    const { faults, add } = createFaultList(file);
    for (const statement of parsed.program.body) {
      if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) continue;
      const name = nameOfContract(statement.declaration);
      if (name === null) continue;
      const hasDocstring = parsed.comments.some(
        ({ type, value, end }) =>
          type === 'Block' && value.startsWith('*') && file.text.slice(end, statement.start).trim() === '',
      );
      if (!hasDocstring) add(statement.start, `${name} has no docstring`);
    }
    return faults;
  });
}

/** The name of a declaration that others call by its contract; `null` for plain data. */
function nameOfContract(declaration: ESTree.Node): string | null {
  if (declaration.type === 'FunctionDeclaration') return declaration.id?.name ?? null;
  if (declaration.type === 'TSInterfaceDeclaration') {
    const hasMethods = declaration.body.body.some(({ type }) => type === 'TSMethodSignature');
    return hasMethods ? declaration.id.name : null;
  }
  if (declaration.type !== 'VariableDeclaration') return null;
  const [first] = declaration.declarations;
  const isFunction =
    first?.init?.type === 'ArrowFunctionExpression' || first?.init?.type === 'FunctionExpression';
  return isFunction && first?.id.type === 'Identifier' ? first.id.name : null;
}

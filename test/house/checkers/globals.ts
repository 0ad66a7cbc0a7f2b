import type { ESTree } from 'vite';
import { createFaultList, type Fault, parseSource, type SourceFile, walk } from './source.ts';

/** A global that only some files may use. */
export interface GlobalRule {
  readonly name: 'process.env' | 'Date.now' | 'new Date()' | 'Math.random' | 'console';
  /** Files that may, by the beginning of their path. */
  readonly allowed: readonly string[];
}

/** Uses of a global outside the files that may use it. Comments and strings do not count. */
export function checkGlobals(files: readonly SourceFile[], rules: readonly GlobalRule[]): readonly Fault[] {
  return files.flatMap((file) => {
    const { faults, add } = createFaultList(file);
    const forbidden = new Set(
      rules
        .filter(({ allowed }) => !allowed.some((start) => file.path.startsWith(start)))
        .map(({ name }) => name),
    );
    walk(parseSource(file), (node, [parent]) => {
      const name = globalName(node, parent);
      if (name !== null && forbidden.has(name)) add(node.start, `uses ${name}, which is not for this file`);
    });
    return faults;
  });
}

function globalName(node: ESTree.Node, parent: ESTree.Node | undefined): GlobalRule['name'] | null {
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    // `Date()` without `new` gives the time of now as well, whatever it is given.
    const isNow = node.type === 'CallExpression' || node.arguments.length === 0;
    return isNow && isGlobal(node.callee, 'Date') ? 'new Date()' : null;
  }
  if (node.type === 'MemberExpression') {
    const member = memberName(node);
    if (isGlobal(node.object, 'process') && member === 'env') return 'process.env';
    if (isGlobal(node.object, 'Date') && member === 'now') return 'Date.now';
    if (isGlobal(node.object, 'Math') && member === 'random') return 'Math.random';
    return isGlobal(node, 'console') && node.object.type !== 'ThisExpression' ? 'console' : null;
  }
  if (node.type === 'VariableDeclarator') return destructuredName(node);
  if (node.type === 'ImportDeclaration') return node.source.value === 'node:process' ? 'process.env' : null;
  return node.type === 'Identifier' && node.name === 'console' && !isMemberKey(node, parent)
    ? 'console'
    : null;
}

/** `process` and `globalThis.process` alike. */
function isGlobal(node: ESTree.Node, name: string): boolean {
  if (node.type === 'Identifier') return node.name === name;
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    ['globalThis', 'global', 'window', 'self'].includes(node.object.name) &&
    memberName(node) === name
  );
}

function memberName(node: ESTree.MemberExpression): string | null {
  if (node.property.type === 'Identifier' && !node.computed) return node.property.name;
  return node.property.type === 'Literal' && typeof node.property.value === 'string'
    ? node.property.value
    : null;
}

/** `const { env } = process` and its like. */
function destructuredName({ id, init }: ESTree.VariableDeclarator): GlobalRule['name'] | null {
  if (id.type !== 'ObjectPattern' || init === null) return null;
  const keys = id.properties.map((property) =>
    property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : null,
  );
  if (isGlobal(init, 'process') && keys.includes('env')) return 'process.env';
  if (isGlobal(init, 'Date') && keys.includes('now')) return 'Date.now';
  return isGlobal(init, 'Math') && keys.includes('random') ? 'Math.random' : null;
}

/** In `log.console` and `{ console: 1 }` the word is a member's name. */
function isMemberKey(node: ESTree.Node, parent: ESTree.Node | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && !parent.computed;
  return parent?.type === 'Property' && parent.key === node && parent.value !== node;
}

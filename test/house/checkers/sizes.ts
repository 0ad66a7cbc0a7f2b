import type { ESTree } from 'vite';
import { createFaultList, type Fault, lineAt, parseSource, type SourceFile, walk } from './source.ts';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;
export const COLUMNS_MAX = 110;

/** Calls whose callback is a list of tests and no function in the rule's sense. */
const TEST_BLOCKS = new Set(['describe', 'it', 'test', 'beforeAll', 'beforeEach', 'afterAll', 'afterEach']);

/** Files, functions and lines that are too long. */
export function checkSizes(files: readonly SourceFile[]): readonly Fault[] {
  return files.flatMap((file) => [...checkLines(file), ...(isCode(file.path) ? checkFunctions(file) : [])]);
}

function checkLines(file: SourceFile): readonly Fault[] {
  const lines = file.text.replace(/\n$/, '').split('\n');
  const long = lines.flatMap((line, at) => {
    const message = `has ${line.length} columns, ${COLUMNS_MAX} are allowed`;
    return line.length > COLUMNS_MAX ? [{ path: file.path, line: at + 1, message }] : [];
  });
  if (lines.length <= FILE_LINES_MAX) return long;
  return [
    ...long,
    { path: file.path, line: 1, message: `has ${lines.length} lines, ${FILE_LINES_MAX} are allowed` },
  ];
}

function checkFunctions(file: SourceFile): readonly Fault[] {
  const { faults, add } = createFaultList(file);
  const parsed = parseSource(file);
  const blocks: ESTree.Node[] = [];
  walk(parsed, (node, [parent]) => {
    if (isFunction(node) && isTestBlock(file.path, parent)) blocks.push(node);
  });
  walk(parsed, (node) => {
    if (!isFunction(node) || blocks.includes(node)) return;
    const lines = ownLines(file.text, node, blocks);
    if (lines > FUNCTION_LINES_MAX) {
      add(node.start, `a function has ${lines} lines, ${FUNCTION_LINES_MAX} are allowed`);
    }
  });
  return faults;
}

/** The lines of a function without those of the tests it holds: a suite that runs against several things. */
function ownLines(text: string, node: ESTree.Node, blocks: readonly ESTree.Node[]): number {
  const linesOf = ({ start, end }: ESTree.Node) => lineAt(text, end) - lineAt(text, start) + 1;
  const isInside = (inner: ESTree.Node, outer: ESTree.Node) =>
    inner !== outer && inner.start >= outer.start && inner.end <= outer.end;
  const held = blocks.filter(
    (block) =>
      isInside(block, node) && !blocks.some((other) => isInside(other, node) && isInside(block, other)),
  );
  return linesOf(node) - held.reduce((sum, block) => sum + linesOf(block), 0);
}

function isFunction(node: ESTree.Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

function isTestBlock(path: string, parent: ESTree.Node | undefined): boolean {
  if (!path.startsWith('test/') || parent?.type !== 'CallExpression') return false;
  // `describe(…)`, `it.each(…)(…)`, `describe.runIf(…)(…)`
  let callee: ESTree.Node = parent.callee;
  while (callee.type !== 'Identifier') {
    if (callee.type === 'CallExpression') callee = callee.callee;
    else if (callee.type === 'TaggedTemplateExpression') callee = callee.tag;
    else if (callee.type === 'MemberExpression') callee = callee.object;
    else return false;
  }
  return TEST_BLOCKS.has(callee.name);
}

function isCode(path: string): boolean {
  return /\.tsx?$/.test(path);
}

import { type ESTree, parseSync } from 'vite';

/**
 * A file as the checkers take it: where it lies, with `/` and from the project's folder, and what is in it.
 */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Something that a rule of the house forbids. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A TypeScript file as a tree, with its comments. */
export interface ParsedFile extends SourceFile {
  readonly program: ESTree.Program;
  readonly comments: readonly { readonly type: string; readonly value: string; start: number; end: number }[];
}

/** A node with the nodes around it, the nearest first. */
export type Visit = (node: ESTree.Node, around: readonly ESTree.Node[]) => void;

/**
 * Parses a TypeScript file. Throws where it is not TypeScript: a checker must never pass what it could not
 * read.
 */
export function parseSource({ path, text }: SourceFile): ParsedFile {
  const { program, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
  return { path, text, program, comments };
}

/** Visits every node of a file, outer ones first. */
export function walk({ program }: ParsedFile, visit: Visit): void {
  walkNode(program, visit, []);
}

function walkNode(node: ESTree.Node, visit: Visit, around: readonly ESTree.Node[]): void {
  visit(node, around);
  const inside = [node, ...around];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walkNode(child, visit, inside);
    }
  }
}

function isNode(value: unknown): value is ESTree.Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Collects faults of one file by their offset. */
export function createFaultList(file: SourceFile) {
  const faults: Fault[] = [];
  return {
    faults,
    add: (offset: number, message: string) => {
      faults.push({ path: file.path, line: lineAt(file.text, offset), message });
    },
  };
}

/** A fault as one line that editors can jump to. */
export function describeFault({ path, line, message }: Fault): string {
  return `${path}:${line} ${message}`;
}

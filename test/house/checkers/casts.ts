import type { ESTree } from 'vite';
import { createFaultList, type Fault, parseSource, type SourceFile, walk } from './source.ts';

const SILENCERS = /@ts-(?:ignore|nocheck|expect-error)|(?:eslint|oxlint|biome)-(?:disable|ignore)/;

/**
 * Where the type checker or the linter is told to look away: `any`, casts through `unknown`, silencing
 * comments.
 */
export function checkCasts(files: readonly SourceFile[]): readonly Fault[] {
  return files.flatMap((file) => {
    const parsed = parseSource(file);
    const { faults, add } = createFaultList(file);
    walk(parsed, (node) => {
      if (node.type === 'TSAnyKeyword') add(node.start, 'uses the type any');
      if (isCastThroughUnknown(node)) add(node.start, 'casts through unknown');
    });
    for (const { value, start } of parsed.comments) {
      const silencer = SILENCERS.exec(value);
      if (silencer !== null) add(start, `silences a checker with ${silencer[0]}`);
    }
    return faults;
  });
}

function isCastThroughUnknown(node: ESTree.Node): boolean {
  if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return false;
  let inner: ESTree.Node = node.expression;
  while (inner.type === 'ParenthesizedExpression') inner = inner.expression;
  return (
    (inner.type === 'TSAsExpression' || inner.type === 'TSTypeAssertion') &&
    inner.typeAnnotation.type === 'TSUnknownKeyword'
  );
}

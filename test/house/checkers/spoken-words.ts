import type { ESTree } from 'vite';
import { createFaultList, type Fault, parseSource, type SourceFile, walk } from './source.ts';

/** Attributes that a person reads or hears. */
const SPOKEN = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-roledescription',
  'label',
  'placeholder',
  'title',
]);
/** Letters make words; signs such as `·` and `×` need no translation. */
const WORD = /\p{Letter}{2,}/u;

/**
 * Words for people that stand in a component instead of in its folder's `messages.ts`, and ways to put text
 * into the page that would read it as HTML.
 */
export function checkSpokenWords(files: readonly SourceFile[]): readonly Fault[] {
  return files
    .filter(({ path }) => path.endsWith('.tsx'))
    .flatMap((file) => {
      const { faults, add } = createFaultList(file);
      walk(parseSource(file), (node, [parent]) => {
        if (node.type === 'JSXText' && WORD.test(node.value)) add(node.start, 'has words in a component');
        if (node.type !== 'JSXAttribute') return;
        const name = nameOf(node);
        if (name === 'dangerouslySetInnerHTML') add(node.start, 'reads text as HTML');
        if (SPOKEN.has(name) && isSpokenText(node) && parent?.type === 'JSXOpeningElement') {
          add(node.start, `has words in the attribute ${name}`);
        }
      });
      return faults;
    });
}

function nameOf({ name }: ESTree.JSXAttribute): string {
  return name.type === 'JSXIdentifier' ? name.name : name.name.name;
}

function isSpokenText({ value }: ESTree.JSXAttribute): boolean {
  const inner = value?.type === 'JSXExpressionContainer' ? value.expression : value;
  return inner?.type === 'Literal' && typeof inner.value === 'string' && WORD.test(inner.value);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SyntaxNode } from '@lezer/common';
import { describe, expect, it } from 'vitest';
import { queryParser } from '#scripts/query-grammar.ts';
import { parser } from '#server/records/query/parser.ts';

const ROOT = join(import.meta.dirname, '../../..');

function treeText(node: SyntaxNode): string {
  const children: string[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(treeText(child));
  return children.length === 0 ? node.name : `${node.name}(${children.join(',')})`;
}

describe('the parser of the query language', () => {
  it('is what the grammar gives (else: npx node scripts/query-grammar.ts)', () => {
    const made = queryParser();
    expect(made.map(({ path }) => path)).toHaveLength(2);
    for (const { path, text } of made) expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
  });

  it.each([
    [
      'a -actor:b (c OR "d")',
      'Query(Word,Minus,Field(FieldName,Value),Group(OpenParen,Word,Or,String,CloseParen))',
    ],
    ['x."y z":>=1', 'Query(Field(FieldName,Comparison(Operator,Value)))'],
    [
      'x:(a AND NOT "c" >1)',
      'Query(Field(FieldName,List(OpenParen,Item,And,Not,String,Comparison(Operator,Value),CloseParen)))',
    ],
    ['x:[a TO *}', 'Query(Field(FieldName,Range(OpenRange,Bound,To,Bound,CloseRange)))'],
    ['x:AND AND TO', 'Query(Field(FieldName,Value),And,Word)'],
    ['a"b" "c', 'Query(Joined,OpenString)'],
    ['x: (', 'Query(Field(FieldName,List(OpenParen,⚠)))'],
  ])('makes a tree of %s', (text, tree) => {
    expect(treeText(parser.parse(text).topNode)).toBe(tree);
  });
});

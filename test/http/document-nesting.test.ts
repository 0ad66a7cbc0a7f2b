import { expect, test } from 'vitest';
import { refuseDeepDocument } from '#server/http/document-nesting.ts';
import { DOCUMENT_NESTING_MAX } from '#server/http/limits.ts';

const nested = (depth: number): string => `{a(b:${'['.repeat(depth - 2)}${']'.repeat(depth - 2)})}`;

test('a document is taken at the limit of nesting and refused one past it', () => {
  expect(() => refuseDeepDocument(nested(DOCUMENT_NESTING_MAX))).not.toThrow();
  expect(() => refuseDeepDocument(nested(DOCUMENT_NESTING_MAX + 1))).toThrow(/nests over 200 levels/);
});

test('a document that only opens brackets is refused, however long', () => {
  for (const bracket of ['[', '{', '(', '{a:']) {
    expect(() => refuseDeepDocument(bracket.repeat(50_000))).toThrow(/nests over/);
  }
});

test('brackets in strings and comments nest nothing', () => {
  const many = '['.repeat(1000);
  for (const text of [
    `{a(b:"${many}\\"${many}")}`,
    `{a(b:"""${many}"" \\""" ${many}""")}`,
    `# ${many}\n{a}`,
  ]) {
    expect(() => refuseDeepDocument(text)).not.toThrow();
  }
});

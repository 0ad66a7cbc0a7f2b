import { expect, test } from 'vitest';
import { printable } from '#server/cli/output.ts';

test('nothing that comes from an event can steer the terminal or hide in it', () => {
  expect(printable('a\u001b[2Jb\rc\u0007')).toBe('a\\u{1b}[2Jb\\u{d}c\\u{7}');
  expect(printable('x\u202eyz\u200b\ufeff\u009b')).toBe('x\\u{202e}yz\\u{200b}\\u{feff}\\u{9b}');
});

test('ordinary text of any language, and line breaks of the help, stay as they are', () => {
  for (const text of ['Zürich 東京 😀', 'a\nb', 'שלום']) expect(printable(text)).toBe(text);
});

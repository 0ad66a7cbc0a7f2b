import { expect, test } from 'vitest';
import { splitVisible, visibleString } from '#ui/parts/visible-text.ts';

test('what cannot be seen or turns the direction is shown by its code, and nothing is dropped', () => {
  expect(splitVisible('a\u202eexe\u0000\n\u200b')).toEqual([
    { text: 'a' },
    { mark: 'U+202E' },
    { text: 'exe' },
    { mark: 'NUL' },
    { mark: 'LF' },
    { mark: 'U+200B' },
  ]);
  expect(visibleString('x\u{e0041}\u2066\u3164\ufeff\u00ad')).toBe(
    'x[U+E0041][U+2066][U+3164][U+FEFF][U+00AD]',
  );
});

test('text of any language and whole emoji stay one run', () => {
  const texts = ['Zoë 東京 שלום العربية', '👩‍🚀', '🏳️‍🌈', '❤️', '👩🏽‍🔬', 'é', '<b>"&'];
  for (const text of texts) expect(splitVisible(text)).toEqual([{ text }]);
});

test('a joiner that joins nothing is shown', () => {
  expect(visibleString('ad\u200dmin \u200d👩')).toBe('ad[U+200D]min [U+200D]👩');
});

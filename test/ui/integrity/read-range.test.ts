import { expect, it } from 'vitest';
import { readRange } from '#ui/integrity/read-range.ts';

it.each([
  ['0', '9', { from: 0, to: 10 }],
  ['9', '9', { from: 9, to: 10 }],
  [' 3 ', '7', { from: 3, to: 8 }],
])('reads %j to %j of ten records', (first, last, range) => {
  expect(readRange(first, last, 10)).toEqual(range);
});

it.each([
  ['0', '10'],
  ['5', '4'],
  ['-1', '4'],
  ['', '4'],
  ['1', '4e0'],
  ['0x1', '4'],
  ['0', '1.5'],
  ['0', '1,00'],
  ['1', '99999999999999999999'],
])('refuses %j to %j of ten records', (first, last) => {
  expect(readRange(first, last, 10)).toBeNull();
});

it('reads digits in groups, as they are shown', () => {
  expect(readRange('1,000', '1 234', 2000)).toEqual({ from: 1000, to: 1235 });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fold } from '#server/index/fold.ts';
import { WORD_CHARACTERS_MAX, wordsOf } from '#server/index/words.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const UUID = '0193b1f0-7e2d-7c3a-9b1e-2f6d8c4a5e70';

describe('wordsOf', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' -./\\"', []],
    ['Record opened', ['record', 'opened']],
    ['a a A', ['a', 'a', 'a']],
    ['user_id=17', ['user_id', '17']],
    ['_', ['_']],
    ['x-y.z@example.com', ['x', 'y', 'z', 'example', 'com']],
    ['10.0.0.1', ['10', '0', '0', '1']],
    ["don't", ['don', 't']],
    ['m² ½', ['m²', '½']],
    ['Ärger mit Ös', ['ärger', 'mit', 'ös']],
    ['cafe\u0301 noir', ['cafe\u0301', 'noir']],
    ['ΟΔΟΣ οδος', ['οδοσ', 'οδοσ']],
    ['العربية', ['العربية']],
    ['患者Akte', ['患', '者', 'akte']],
    ['ひらカタ한글', ['ひ', 'ら', 'カ', 'タ', '한글']],
    ['ไทย', ['ไ', 'ท', 'ย']],
    ['ok👍🏽!🎉', ['ok', '👍', '🎉']],
    ['a\u0000b', ['a', 'b']],
    ['a\u200bb\u202ec', ['a', 'b', 'c']],
    ['half \ud83d pair', ['half', 'pair']],
  ])('of %j are %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it.each<[string, string[]]>([
    [UUID, [UUID]],
    [UUID.toUpperCase(), [UUID]],
    [`id=${UUID}, next`, ['id', UUID, 'next']],
    [`{${UUID}}é`, [UUID, 'é']],
    [`ö ${UUID} ö`, ['ö', UUID, 'ö']],
    [`${UUID}é`, [...UUID.split('-').slice(0, 4), '2f6d8c4a5e70é']],
    [`é${UUID}`, ['é0193b1f0', ...UUID.split('-').slice(1)]],
    [`${UUID}患`, [...UUID.split('-'), '患']],
    [`${UUID}-1`, [...UUID.split('-'), '1']],
    [`-${UUID}`, UUID.split('-')],
    [`${UUID}_`, [...UUID.split('-').slice(0, 4), '2f6d8c4a5e70_']],
    [UUID.slice(0, -1), [...UUID.split('-').slice(0, 4), '2f6d8c4a5e7']],
    [UUID.replace('7', 'g'), UUID.replace('7', 'g').split('-')],
    [`${UUID} ${UUID}`, [UUID, UUID]],
  ])('keep a UUID together where it stands alone: %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are cut where they are too long, never between the halves of a surrogate pair', () => {
    expect(wordsOf(`${'a'.repeat(WORD_CHARACTERS_MAX)} b`)).toEqual(['a'.repeat(WORD_CHARACTERS_MAX), 'b']);
    expect(wordsOf('a'.repeat(WORD_CHARACTERS_MAX + 1))).toEqual(['a'.repeat(WORD_CHARACTERS_MAX)]);
    const pairs = `a${'𐐨'.repeat(WORD_CHARACTERS_MAX)}`;
    expect(wordsOf(pairs)).toEqual([`a${'𐐨'.repeat((WORD_CHARACTERS_MAX - 2) / 2)}`]);
  });

  it('are what a reading character by character gives, of random texts', () => {
    const random = new SeededRandom(2);
    const pieces = [
      UUID,
      UUID.slice(0, 23),
      '-',
      '_',
      ' ',
      'a',
      'F',
      '0',
      'é',
      'Σ',
      '患',
      'ก',
      '👍',
      '\u0301',
      '½',
    ];
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 1 + random.below(5) }, () =>
        random.below(5) === 0
          ? String.fromCodePoint(random.below(random.pick([0x80, 0x3000, 0xd800])))
          : random.pick(pieces),
      ).join('');
      expect(wordsOf(text), JSON.stringify(text)).toEqual(naiveWords(text));
    }
  });

  itWithCorpus(
    'naughty-strings',
    'are what a reading character by character gives, of naughty strings',
    (folder) => {
      const strings = JSON.parse(readFileSync(join(folder, 'blns.json'), 'utf8')) as string[];
      for (const text of strings) expect(wordsOf(text), JSON.stringify(text)).toEqual(naiveWords(text));
    },
  );
});

const SCRIPTS = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];
const ALONE = new RegExp(
  `[${SCRIPTS.map((script) => `\\p{Script=${script}}`).join('')}\\p{Extended_Pictographic}]`,
  'u',
);
const IN_RUN = /[\p{L}\p{M}\p{N}_]/u;

function naiveWords(text: string): string[] {
  const characters = Array.from(fold(text));
  const isWord = (character: string | undefined) =>
    character !== undefined && (IN_RUN.test(character) || ALONE.test(character));
  const words: string[] = [];
  let run = '';
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    const before = characters[at - 1];
    const after = characters[at + 36];
    const isUuid =
      /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(characters.slice(at, at + 36).join('')) &&
      ![before, after].some((beside) => beside === '-' || isWord(beside));
    if (isUuid) {
      words.push(characters.slice(at, at + 36).join(''));
      at += 35;
    } else if (ALONE.test(character)) {
      words.push(run, character);
      run = '';
    } else if (IN_RUN.test(character)) run += character;
    else {
      words.push(run);
      run = '';
    }
  }
  return [...words, run].filter((word) => word !== '').map((word) => word.slice(0, WORD_CHARACTERS_MAX));
}

import { expect, test } from 'vitest';
import { createRandom } from '#server/demo/random.ts';
import { FileBrokenError } from '#server/cli/import/element.ts';
import { readElements } from '#server/cli/import/json-elements.ts';
import { splitArray } from '#server/cli/import/split-array.ts';
import { splitLines } from '#server/cli/import/split-lines.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text's bytes in chunks of the given sizes, the last one repeated. */
async function* inChunks(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = encoder.encode(text);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

async function read(text: string, sizes: readonly number[] = [7]): Promise<{ text: string; line: number }[]> {
  const found: { text: string; line: number }[] = [];
  for await (const { bytes, line } of readElements(inChunks(text, sizes))) {
    found.push({ text: decoder.decode(bytes), line });
  }
  return found;
}

const texts = (found: readonly { text: string }[]) => found.map(({ text }) => text);

test('an array is cut into the exact texts of its elements, with the lines they begin on', async () => {
  const found = await read('[\n  {"a": [1, "]"]},\n\n  "x,\\"y",\n  9007199254740993 ]\n');
  expect(texts(found).map((text) => text.trim())).toEqual([
    '{"a": [1, "]"]}',
    '"x,\\"y"',
    '9007199254740993',
  ]);
  expect(found.map(({ line }) => line)).toEqual([2, 4, 5]);
});

test('lines are cut at line breaks only; blank lines count and give nothing', async () => {
  const found = await read('{"a":1}\r\n\n  \n{"b":"\\n"}\nnot json');
  expect(texts(found)).toEqual(['{"a":1}\r', '{"b":"\\n"}', 'not json']);
  expect(found.map(({ line }) => line)).toEqual([1, 4, 5]);
});

test('a byte order mark and leading white space are skipped for arrays and lines alike', async () => {
  for (const sizes of [[1], [2], [1000]]) {
    expect(texts(await read('\ufeff \n[1]', sizes))).toEqual(['1']);
    expect(texts(await read('\ufeff{}\n{}', sizes))).toEqual(['{}', '{}']);
  }
});

test('a file of nothing or of white space has no events', async () => {
  for (const text of ['', ' ', '\n\n\t', '[]', ' [ \n ] ']) expect(await read(text, [1])).toEqual([]);
});

test('an array that breaks off gives its whole elements first and then the reason', async () => {
  for (const [text, whole, reason] of [
    ['[1, 2', ['1'], /ends before/],
    ['[1,, 2]', ['1'], /missing at byte 3/],
    ['[1,]', ['1'], /missing at byte 3/],
    ['[1] 2', ['1'], /after the JSON array, at byte 4/],
    ['[', [], /ends before/],
    ['["a', [], /ends before/],
  ] as const) {
    const found: string[] = [];
    const cutting = (async () => {
      for await (const { bytes } of readElements(inChunks(text, [2])))
        found.push(decoder.decode(bytes).trim());
    })();
    await expect(cutting, text).rejects.toThrow(FileBrokenError);
    await expect(cutting, text).rejects.toThrow(reason);
    expect(found, text).toEqual(whole);
  }
});

test('arrays are cut as JSON.parse cuts them, whatever is in them and wherever chunks end', async () => {
  const random = createRandom(20_261_121);
  for (let round = 0; round < 1_500; round++) {
    const value = Array.from({ length: random.whole(0, 5) }, () => drawValue(random, 0));
    const text = JSON.stringify(value, null, random.pick([0, 1, '\t']));
    const found = await read(text, [random.whole(1, 9), random.whole(1, 40)]);
    expect(found.map((element) => JSON.parse(element.text) as unknown)).toEqual(JSON.parse(text));
  }
});

test('of an array that JSON.parse refuses, the cut or one of its elements is refused too', async () => {
  const random = createRandom(7);
  let refused = 0;
  for (let round = 0; round < 3_000; round++) {
    const text = damage(random, JSON.stringify([drawValue(random, 0), drawValue(random, 1)]));
    if (!/^\s*\[/.test(text) || isJson(text)) continue;
    refused += 1;
    expect(await isCutWell(text, random.whole(1, 12)), text).toBe(false);
  }
  expect(refused).toBeGreaterThan(1_000);
});

test('a value at the limit is kept, one byte more is named too long, its neighbours are kept', async () => {
  const [exact, over] = [`"${'x'.repeat(8)}"`, `"${'y'.repeat(9)}"`];
  for (const [split, text] of [
    [splitArray, `[${exact},${over},${exact}]`],
    [splitLines, `${exact}\n${over}\n${exact}`],
  ] as const) {
    const found: string[] = [];
    for await (const { bytes, tooLong } of split(inChunks(text, [3]), 0, 10)) {
      found.push(tooLong ? 'TOO LONG' : decoder.decode(bytes));
    }
    expect(found).toEqual([exact, 'TOO LONG', exact]);
  }
});

type Random = ReturnType<typeof createRandom>;

const STRINGS = [
  '',
  '"',
  '\\',
  '\\"',
  ']',
  '[',
  '}',
  '{',
  ',',
  'é',
  '\u2028',
  '😀',
  '\n',
  '\u0000',
  'a,b]"\\',
];

function drawValue(random: Random, depth: number): unknown {
  switch (random.whole(0, depth > 3 ? 3 : 6)) {
    case 0:
      return random.pick([0, -1, 1.5e300, true, false, null]);
    case 1:
    case 2:
    case 3:
      return Array.from({ length: random.whole(0, 3) }, () => random.pick(STRINGS)).join('');
    case 4:
    case 5:
      return Object.fromEntries(
        Array.from({ length: random.whole(0, 3) }, () => [
          random.pick(STRINGS),
          drawValue(random, depth + 1),
        ]),
      );
    default:
      return Array.from({ length: random.whole(0, 3) }, () => drawValue(random, depth + 1));
  }
}

function damage(random: Random, text: string): string {
  const at = random.whole(1, text.length - 1);
  switch (random.whole(0, 2)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + random.pick(['"', '[', ']', '{', '}', ',', '\\', ' ', 'x']) + text.slice(at);
    default:
      return text.slice(0, at);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function isCutWell(text: string, chunk: number): Promise<boolean> {
  try {
    return (await read(text, [chunk])).every((element) => isJson(element.text));
  } catch (error) {
    if (error instanceof FileBrokenError) return false;
    throw error;
  }
}

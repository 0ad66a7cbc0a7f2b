import { describe, expect, it } from 'vitest';
import { numberKey, numberText } from '#server/index/number-key.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

describe('numberKey', () => {
  it.each([
    ['0', '-0', '0.0', '0e5', '-0.00e-7', '0e99999999999999999999'],
    ['1000', '1e3', '1E3', '1e+3', '1000.0', '1000.000', '0.1e4', '10000e-1'],
    ['-12.5', '-1.25e1', '-125e-1', '-12.50'],
    ['9007199254740993', '9007199254740993.0', '9.007199254740993e15'],
    ['1e400', `1${'0'.repeat(400)}`, '0.1e401'],
    ['5e-324', '0.5e-323'],
    ['1e99999999999999999999', '10e99999999999999999998', '0.1e100000000000000000000'],
  ])('is the same for equal numbers: %s', (...equal) => {
    expect(new Set(equal.map(numberKey)).size).toBe(1);
  });

  it.each([
    '',
    ' 1',
    '1 ',
    '01',
    '+1',
    '.5',
    '1.',
    '1e',
    '1e1.5',
    '0x1',
    'NaN',
    'Infinity',
    '--1',
    '1,0',
    '１',
    '-',
  ])('is none for %j, which JSON does not take as a number', (text) => {
    expect(numberKey(text)).toBeNull();
  });

  it('tells integers apart that a double cannot', () => {
    expect(numberKey('9007199254740993')).not.toBe(numberKey('9007199254740992'));
  });

  it('sorts as the numbers do, signs and sizes of every kind', () => {
    const ascending = [
      '-1e100000000000000000000',
      '-1e1000000000',
      '-1e309',
      '-123456789012345678901234567890',
      '-100.5',
      '-100',
      '-99.99',
      '-2',
      '-1.2',
      '-1.19',
      '-1',
      '-0.2',
      '-0.10',
      '-0.01',
      '-1e-7',
      '-5e-324',
      '-1e-1000000000',
      '0',
      '1e-1000000000',
      '5e-324',
      '1e-11',
      '1e-10',
      '1e-9',
      '0.001',
      '0.01',
      '0.0100000000001',
      '0.1',
      '0.5',
      '1',
      '1.000000000000000000001',
      '1.5',
      '2',
      '9',
      '10',
      '11',
      '99',
      '100',
      '999999999',
      '1000000000',
      '9007199254740992',
      '9007199254740993',
      '1e21',
      '1e100',
      '1e309',
      '1e1000000000',
      '1e100000000000000000000',
    ];
    const keys = ascending.map((number) => numberKey(number) ?? '');
    expect(keys.toSorted(byCodeUnits)).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('sorts random numbers as exact arithmetic does, and leads back to an equal number', () => {
    const random = new SeededRandom(3);
    const numbers = Array.from({ length: 3_000 }, () => randomNumber(random));
    const read = numbers.map((text) => ({ text, key: numberKey(text) ?? '', value: exactly(text) }));
    for (let round = 0; round < 60_000; round++) {
      const [a, b] = [random.pick(read), random.pick(read)];
      const byValue = a.value < b.value ? -1 : Number(a.value > b.value);
      expect(byCodeUnits(a.key, b.key), `${a.text} and ${b.text}`).toBe(byValue);
    }
    for (const { text, key, value } of read) {
      expect(exactly(numberText(key)), text).toBe(value);
      expect(numberKey(numberText(key))).toBe(key);
    }
  });

  it('costs a number of a million digits no more than reading it', () => {
    const zeros = `1${'0'.repeat(500_000)}1`;
    expect(numberText(numberKey(zeros) ?? '')).toBe(zeros);
    expect(numberText(numberKey(`-${zeros}`) ?? '')).toBe(`-${zeros}`);
    expect(numberKey(`0.${'0'.repeat(1_000_000)}`)).toBe(numberKey('0'));
  });
});

describe('numberText', () => {
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['1000.0', '1000'],
    ['1e3', '1000'],
    ['1e21', '1000000000000000000000'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['-12.50', '-12.5'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1e-7'],
    ['0.00000015', '1.5e-7'],
    ['5e-324', '5e-324'],
    ['1e100000', '1e+100000'],
    ['-1.25e100000', '-1.25e+100000'],
  ])('of %s is %s', (sent, text) => {
    expect(numberText(numberKey(sent) ?? '')).toBe(text);
  });

  it.each(['', '5', '4', '41', '40', 'x', '0'])('refuses %j, which is no key', (key) => {
    expect(() => numberText(key)).toThrow(RangeError);
  });
});

const SCALE = 80;

/** The value times 10^SCALE. */
function exactly(text: string): bigint {
  const [mantissa = '', power = '0'] = text.split(/e/i);
  const [whole = '', fraction = ''] = mantissa.split('.');
  return (
    BigInt(whole + fraction) * 10n ** BigInt(SCALE - fraction.length + Number(power)) * sign(mantissa, whole)
  );
}

/** BigInt knows no `-0`: the sign of `-0.5` is lost with the digits in front of the point. */
function sign(mantissa: string, whole: string): bigint {
  return mantissa.startsWith('-') && !whole.startsWith('-') ? -1n : 1n;
}

function randomNumber(random: SeededRandom): string {
  const digits = (most: number) =>
    Array.from({ length: random.below(most) }, () => '0012345679'.charAt(random.below(10))).join('');
  const whole = digits(random.pick([2, 4, 12, 25])).replace(/^0+/, '') || '0';
  const fraction =
    random.below(2) === 0 ? '' : `.${random.pick(['', '0', '000'])}${random.below(10)}${digits(6)}`;
  const power = random.below(2) === 0 ? '' : `${random.pick(['e', 'E'])}${random.below(60) - 30}`;
  return `${random.pick(['', '-'])}${whole}${fraction}${power}`;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

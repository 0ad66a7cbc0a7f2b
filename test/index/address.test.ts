import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressKey, addressRange } from '#server/index/address.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const V4 = '00000000000000000000ffff';

describe('addressKey', () => {
  it.each([
    ['10.0.0.1', `${V4}0a000001`],
    ['255.255.255.255', `${V4}ffffffff`],
    ['0.0.0.0', `${V4}00000000`],
    ['::ffff:10.0.0.1', `${V4}0a000001`],
    ['::ffff:a00:1', `${V4}0a000001`],
    ['0:0:0:0:0:FFFF:10.0.0.1', `${V4}0a000001`],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['2001:db8::8a2e:370:7334', '20010db80000000000008a2e03707334'],
    ['2001:DB8:0:0:0:8A2E:370:7334', '20010db80000000000008a2e03707334'],
    ['2001:0db8:0000:0000:0000:8a2e:0370:7334', '20010db80000000000008a2e03707334'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['1:2:3::5:6:7:8', '00010002000300000005000600070008'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ])('of %s is %s', (text, key) => {
    expect(addressKey(text)).toBe(key);
  });

  it.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
    '10.0.0.01',
    '010.0.0.1',
    '10.0.0.00',
    '10..0.1',
    '.10.0.0.1',
    '10.0.0.1.',
    '10.0.0.1:80',
    '[::1]',
    'fe80::1%eth0',
    '10.0.0.1/8',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '１0.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    ':1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1'.repeat(100_000),
  ])('is none for %j', (text) => {
    expect(addressKey(text)).toBeNull();
  });

  it('is there for what the system takes as an address, and for nothing else', () => {
    const random = new SeededRandom(4);
    let taken = 0;
    for (let round = 0; round < 40_000; round++) {
      const pieces = Array.from({ length: 1 + random.below(9) }, () =>
        random.pick(['0', '1', 'ff', 'abcd', 'FFFF', '12345', '255', '256', '1.2.3.4', '']),
      );
      const text = pieces
        .join(random.pick([':', ':', ':', '.']))
        .replace('1:1', random.pick(['1::1', '1:1']));
      const isAddress = isIP(text) !== 0;
      taken += Number(isAddress);
      expect(addressKey(text) !== null, text).toBe(isAddress);
    }
    expect(taken).toBeGreaterThan(500);
  });
});

describe('addressRange', () => {
  it.each([
    ['10.0.0.0/8', `${V4}0a000000`, `${V4}0affffff`],
    ['10.1.2.3/8', `${V4}0a000000`, `${V4}0affffff`],
    ['10.1.2.3', `${V4}0a010203`, `${V4}0a010203`],
    ['10.1.2.3/32', `${V4}0a010203`, `${V4}0a010203`],
    ['10.1.2.3/31', `${V4}0a010202`, `${V4}0a010203`],
    ['10.1.2.255/26', `${V4}0a0102c0`, `${V4}0a0102ff`],
    ['0.0.0.0/0', `${V4}00000000`, `${V4}ffffffff`],
    ['::ffff:10.0.0.0/104', `${V4}0a000000`, `${V4}0affffff`],
    ['::/0', '0'.repeat(32), 'f'.repeat(32)],
    ['2001:db8::/32', `20010db8${'0'.repeat(24)}`, `20010db8${'f'.repeat(24)}`],
    ['2001:db8::/33', `20010db8${'0'.repeat(24)}`, `20010db87${'f'.repeat(23)}`],
    ['::1/128', `${'0'.repeat(31)}1`, `${'0'.repeat(31)}1`],
  ])('of %s is from %s to %s', (text, from, to) => {
    expect(addressRange(text)).toEqual({ from, to });
  });

  it.each([
    '',
    '/',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'x/8',
  ])('is none for %j', (text) => {
    expect(addressRange(text)).toBeNull();
  });

  it('holds an address exactly where its first bits are the same', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 5_000; round++) {
      const bits = random.below(33);
      const [a, b] = [random.bytes(4), random.bytes(4)];
      if (random.below(2) === 0) b.set(a.subarray(0, 1 + random.below(4)));
      const range = addressRange(`${a.join('.')}/${bits}`);
      const key = addressKey(b.join('.')) ?? '';
      const isIn = firstBits(a, bits) === firstBits(b, bits);
      expect(range !== null && range.from <= key && key <= range.to).toBe(isIn);
    }
  });
});

function firstBits(bytes: Uint8Array, count: number): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, count);
}

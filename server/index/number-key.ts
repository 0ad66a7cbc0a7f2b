const JSON_NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const ZERO = 48;
const NINE = 57;

/**
 * A text for a decimal number, such that equal numbers have equal texts and the texts' order by code units is
 * the numbers' order. No digit is lost, however many there are. `null` for what JSON would not take as a
 * number.
 *
 * The number is `0.digits × 10^exponent` with neither zeros in front nor at the end of the digits. The text
 * is one character for the signs of number and exponent, the exponent, and the digits; where a part has to
 * sort the other way round, each digit stands as 9 less it.
 */
export function numberKey(decimal: string): string | null {
  return shortIntegerKey(decimal) ?? anyNumberKey(decimal);
}

const NEGATIVE_LARGE = '0';
const NEGATIVE_SMALL = '1';
const ZERO_KEY = '2';
const POSITIVE_SMALL = '3';
const POSITIVE_LARGE = '4';
/** Ends the digits of a negative number, so that more digits sort first. */
const NEGATIVE_END = '~';

/** For positive integers of up to nine digits, which most numbers are. */
function shortIntegerKey(decimal: string): string | null {
  const { length } = decimal;
  const first = decimal.charCodeAt(0);
  if (length === 0 || length > 9 || first <= ZERO || first > NINE) return null;
  let end = 1;
  for (let at = 1; at < length; at++) {
    const code = decimal.charCodeAt(at);
    if (code < ZERO || code > NINE) return null;
    if (code !== ZERO) end = at + 1;
  }
  return `${POSITIVE_LARGE}1${length}${end === length ? decimal : decimal.slice(0, end)}`;
}

function anyNumberKey(decimal: string): string | null {
  const parts = JSON_NUMBER.exec(decimal);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = '', power = '0'] = parts;
  const all = whole + fraction;
  const start = firstDigit(all);
  if (start === all.length) return ZERO_KEY;
  const digits = all.slice(start, lastDigit(all) + 1);
  const exponent = add(power, whole.length - start);
  const size = counted(exponent.startsWith('-') ? exponent.slice(1) : exponent);
  const isSmall = exponent.startsWith('-');
  if (sign === '') {
    return isSmall ? POSITIVE_SMALL + complement(size) + digits : POSITIVE_LARGE + size + digits;
  }
  const rest = complement(digits) + NEGATIVE_END;
  return isSmall ? NEGATIVE_SMALL + size + rest : NEGATIVE_LARGE + complement(size) + rest;
}

/** Where the first digit is that is not 0. */
function firstDigit(digits: string): number {
  let at = 0;
  while (digits.charCodeAt(at) === ZERO) at += 1;
  return at;
}

function lastDigit(digits: string): number {
  let at = digits.length - 1;
  while (digits.charCodeAt(at) === ZERO) at -= 1;
  return at;
}

/** Exponents may have any number of digits too. */
function add(power: string, places: number): string {
  return power.length <= 15
    ? `${Number(power) + places}`
    : `${BigInt(power.replace('+', '')) + BigInt(places)}`;
}

/** Digits with their count in front, so that more of them sort behind and none begins another one. */
function counted(digits: string): string {
  return digits.length < 9 ? `${digits.length}${digits}` : `9${counted(`${digits.length}`)}${digits}`;
}

function complement(digits: string): string {
  let text = '';
  for (let at = 0; at < digits.length; at++) text += NINE - digits.charCodeAt(at);
  return text;
}

/**
 * The number of a key as people write it: integers with all their digits, very small and very large fractions
 * with an exponent. Throws a `RangeError` for what is no key.
 */
export function numberText(key: string): string {
  if (key === ZERO_KEY) return '0';
  const [kind = ''] = key;
  const isNegative = kind === NEGATIVE_LARGE || kind === NEGATIVE_SMALL;
  if (!isNegative && kind !== POSITIVE_LARGE && kind !== POSITIVE_SMALL) throw notAKey(key);
  const isSmall = kind === NEGATIVE_SMALL || kind === POSITIVE_SMALL;
  // The exponent is turned round where a larger one makes a smaller number.
  const { digits: power, end } = readCounted(key, 1, isNegative !== isSmall);
  const exponent = Number(isSmall ? `-${power}` : power);
  const digits = isNegative ? complement(key.slice(end, -1)) : key.slice(end);
  if (digits === '') throw notAKey(key);
  return (isNegative ? '-' : '') + plainText(digits, exponent);
}

/** Fractions with more zeros than this behind the point have an exponent, as in ECMAScript. */
const ZEROS_MAX = 5;
/** The same for zeros behind an integer's digits; a double never has more. */
const INTEGER_ZEROS_MAX = 400;

function plainText(digits: string, exponent: number): string {
  if (exponent >= digits.length && exponent - digits.length <= INTEGER_ZEROS_MAX) {
    return digits.padEnd(exponent, '0');
  }
  if (exponent > 0 && exponent < digits.length)
    return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
  if (exponent <= 0 && -exponent <= ZEROS_MAX) return `0.${'0'.repeat(-exponent)}${digits}`;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits.slice(0, 1)}${fraction}e${exponent > 0 ? '+' : ''}${exponent - 1}`;
}

/** Reads what `counted` wrote; `turned`: each digit stands as 9 less it. */
function readCounted(key: string, at: number, turned: boolean): { digits: string; end: number } {
  const head = key.slice(at, at + 1);
  const count = Number(turned ? complement(head) : head);
  if (head === '' || !(count >= 1)) throw notAKey(key);
  const { digits: length, end: start } =
    count < 9 ? { digits: `${count}`, end: at + 1 } : readCounted(key, at + 1, turned);
  const end = start + Number(length);
  const digits = key.slice(start, end);
  return { digits: turned ? complement(digits) : digits, end };
}

function notAKey(key: string): RangeError {
  return new RangeError(`Not the key of a number: ${JSON.stringify(key.slice(0, 40))}`);
}

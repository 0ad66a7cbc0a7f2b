import type { SeededRandom } from '#test/support/seeded-random.ts';

/** A text in quotes, as the language of the search bar takes it. */
export function quotedText(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Words that mean something else where they stand alone. */
const MEANT = /^(?:and|or|not|to)$/i;

/** A text without quotes, every character that could mean something else escaped; quoted where it must be. */
export function escapedText(text: string): string {
  if (text === '' || MEANT.test(text)) return quotedText(text);
  return escapedPart(text);
}

/** As `escapedText`, of a part between stars. */
export function escapedPart(text: string): string {
  return text.replace(/[\s\u0021-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007e]/g, '\\$&');
}

/** The text changed a little, or not: never with half a character. */
export function mutatedText(text: string, random: SeededRandom): string {
  const at = random.below(text.length + 1);
  const strange = ['', 'ſ', '\u0130', 'ı', '\u212a', 'ς', '😀', '\0', '\uffff', 'é', '*', '"', '\\'];
  switch (random.below(20)) {
    case 0:
      return text.toUpperCase();
    case 1:
      return text.toLowerCase();
    case 2:
      return text.slice(0, at).toWellFormed();
    case 3:
      return (text.slice(0, at) + random.pick(strange) + text.slice(at + 1)).toWellFormed();
    case 4:
      return (text.slice(0, at).toUpperCase() + text.slice(at)).toWellFormed();
    default:
      return text;
  }
}

/** A number in another notation, or another number. */
export function mutatedNumber(number: string, random: SeededRandom): string {
  const isPlain = /^-?[1-9]\d*$/.test(number);
  const other = random.pick(['0', '-0', '1e3', '-1e400', '1e400', '0.1', '9007199254740993', '1E+2', '5']);
  switch (random.below(8)) {
    case 0:
      return other;
    case 1:
      return isPlain ? `${number}.0` : number;
    case 2:
      return isPlain ? `${number}0e-1` : number;
    case 3:
      return isPlain ? `${number}1` : number;
    case 4:
      return number.startsWith('-') ? number.slice(1) : `-${number}`;
    default:
      return number;
  }
}

/** An address in one of its notations, or a network that has it. `key` is what `addressKey` gives. */
export function writtenAddress(key: string, random: SeededRandom): string {
  const groups = key.match(/.{4}/g) ?? [];
  const isV4 = key.startsWith('00000000000000000000ffff') && random.below(3) > 0;
  const v4 = [24, 26, 28, 30].map((at) => Number.parseInt(key.slice(at, at + 2), 16)).join('.');
  const short = groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
  const mapped = `${groups.slice(0, 6).join(':')}:${v4}`;
  const address = isV4 ? v4 : random.pick([groups.join(':'), short, short.toUpperCase(), mapped]);
  if (random.below(2) === 0) return address;
  const bits = random.pick([0, 1, 8, 15, 24, 31, 32, isV4 ? 7 : 96, isV4 ? 30 : 120, isV4 ? 32 : 128]);
  return `${address}/${bits}`;
}

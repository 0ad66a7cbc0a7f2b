const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 61;

/** Two characters for each 12 bits: half the concatenations of one character for each 6. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET.charAt(bits >> 6) + ALPHABET.charAt(bits & 63),
);

/** Value of each ASCII character; 255 for what is not in the alphabet. */
export const BASE64_VALUES: Uint8Array = new Uint8Array(256).fill(255);
for (let value = 0; value < 64; value++) BASE64_VALUES[ALPHABET.charCodeAt(value)] = value;

/** Writes bytes as base64 (RFC 4648 section 4: standard alphabet, padded). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  const whole = bytes.length - (bytes.length % 3);
  for (let at = 0; at < whole; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += PAIRS[bits >> 12] ?? '';
    text += PAIRS[bits & 4095] ?? '';
  }
  const rest = bytes.length - whole;
  if (rest === 1) return `${text}${PAIRS[(bytes[whole] ?? 0) << 4]}==`;
  if (rest === 2) {
    const bits = (((bytes[whole] ?? 0) << 8) | (bytes[whole + 1] ?? 0)) << 2;
    return `${text}${PAIRS[bits >> 6]}${ALPHABET.charAt(bits & 63)}=`;
  }
  return text;
}

/**
 * Reads base64 strictly: standard alphabet, padded, unused bits zero, nothing else in between, so that one
 * byte string has exactly one text. Gives `null` for anything else.
 */
export function decodeBase64(text: string): Uint8Array | null {
  const length = text.length;
  if (length % 4 !== 0) return null;
  if (length === 0) return new Uint8Array(0);
  let padding = 0;
  if (text.charCodeAt(length - 1) === PADDING) padding = text.charCodeAt(length - 2) === PADDING ? 2 : 1;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const digits = length - padding;
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i);
    const value = code < 256 ? (BASE64_VALUES[code] ?? 255) : 255;
    if (value === 255) return null;
    pending = ((pending << 6) | value) & 0xffff;
    pendingBits += 6;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      bytes[at++] = pending >> pendingBits;
    }
  }
  const unused = pending & ((1 << pendingBits) - 1);
  return unused === 0 ? bytes : null;
}

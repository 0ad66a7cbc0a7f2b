/** Bytes under construction, little-endian, in a buffer that grows. */
export class ByteWriter {
  /** What is written lies before `length`; what is behind it is garbage. */
  bytes: Buffer<ArrayBuffer>;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for so many bytes more, so that they can be set in `bytes` directly. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  uint16(value: number): void {
    this.byte(value & 0xff);
    this.byte(value >>> 8);
  }

  uint32(value: number): void {
    this.reserve(4);
    this.length = this.bytes.writeUInt32LE(value, this.length);
  }

  float64(value: number): void {
    this.reserve(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  /**
   * A whole number from 0 to 2^53 − 1: seven bits a byte, the lowest first, all but the last marked by bit 7.
   */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.bytes[this.length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  copy(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** Its length in units and whether they need two bytes each, then the text. */
  text(text: string): void {
    const isWide = hasWide(text, 0);
    this.varint(text.length * 2 + (isWide ? 1 : 0));
    this.units(text, 0, isWide);
  }

  /** UTF-16 units of a text from one on: a byte each, or two where one of them `isWide`. */
  units(text: string, from: number, isWide: boolean): void {
    const count = text.length - from;
    this.reserve(isWide ? count * 2 : count);
    const { bytes } = this;
    if (isWide) {
      this.length += bytes.write(text.slice(from), this.length, 'utf16le');
    } else if (count > UNITS_BY_HAND_MAX) {
      this.length += bytes.write(text.slice(from), this.length, 'latin1');
    } else {
      let at = this.length;
      for (let i = from; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
      this.length = at;
    }
  }

  /** A copy of what is written. */
  taken(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.bytes.subarray(0, this.length));
  }
}

/** A call of the platform costs as much as so many steps of ours. */
const UNITS_BY_HAND_MAX = 64;

/** Whether a text has, from a unit on, one that does not fit into a byte. */
export function hasWide(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return true;
  return false;
}

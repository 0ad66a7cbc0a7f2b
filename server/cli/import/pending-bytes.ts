/**
 * Collects one value's bytes over the borders of chunks, up to a limit; beyond it only the length is known.
 */
export class PendingBytes {
  private readonly bytesMax: number;
  private parts: Uint8Array[] = [];
  private length = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Adds bytes; they are copied, since the chunk they are in may be used again. */
  add(bytes: Uint8Array): void {
    this.length += bytes.length;
    if (this.length > this.bytesMax) this.parts = [];
    else if (bytes.length > 0) this.parts.push(bytes.slice());
  }

  /** Gives what was added and begins anew. */
  take(): { readonly bytes: Uint8Array; readonly tooLong: boolean } {
    const { parts, length } = this;
    const tooLong = length > this.bytesMax;
    this.parts = [];
    this.length = 0;
    if (tooLong) return { bytes: new Uint8Array(0), tooLong };
    if (parts.length === 1 && parts[0]) return { bytes: parts[0], tooLong };
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes, tooLong };
  }
}

import type { SignatureVerifiers } from '#server/ledger/cosignature.ts';
import type { Sha256 } from '#server/ledger/hash.ts';

/** A pack's bytes: a file, or what a person dropped on a page. */
export interface PackSource {
  /** In bytes. It must not change while it is read. */
  readonly size: number;
  /**
   * The bytes from `at` on. Gives exactly `length` of them; rejects where they cannot be read. Asked only for
   * what lies within `size`, and for at most a few MiB at once.
   */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** What the verifier needs of the machine that it runs on. */
export interface PackPlatform {
  readonly sha256: Sha256;
  readonly verify: SignatureVerifiers;
  /**
   * Inflates raw deflate (RFC 1951), chunk by chunk. Rejects where the data is not deflate, ends too early,
   * or goes on behind its end.
   */
  inflate(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /**
   * CRC-32 of ZIP, going on from that of the bytes before (0 at first). Left out: one in plain JavaScript.
   */
  readonly crc32?: (bytes: Uint8Array, before: number) => number;
}

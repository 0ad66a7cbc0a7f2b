import type { CosignatureAlgorithm } from '#server/ledger/cosignature.ts';

/** One key of this appliance as a witness. The key itself stays behind `sign`. */
export interface WitnessKey {
  /** The witness's name. */
  readonly name: string;
  /** 8 lower-case hex digits: the id that its cosignature lines bear. */
  readonly keyId: string;
  readonly algorithm: CosignatureAlgorithm;
  /** What logs are told to trust: signature type 0x04 or 0x06. */
  readonly vkey: string;
  /** 64 bytes of Ed25519 (RFC 8032), or 2,420 of ML-DSA-44 (FIPS 204, empty context). */
  sign(message: Uint8Array): Uint8Array;
}

/** Signs for one ledger: Ed25519 over the bytes given. The key stays behind this. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes, RFC 8032. */
  sign(message: Uint8Array): Uint8Array;
}

/** The ledgers' keys. */
export interface KeyStore {
  /** Makes and keeps a new key; durable when this resolves. */
  create(origin: string): Promise<Signer>;
  /** The key of a verifier key. Errors: SIGNING_KEY_MISSING. */
  open(vkey: string): Promise<Signer>;
}

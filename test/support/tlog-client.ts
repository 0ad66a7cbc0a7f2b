import { createHash, createPublicKey, verify } from 'node:crypto';

/**
 * A client of tile logs written from the C2SP pages alone (signed-note, tlog-checkpoint, tlog-tiles) and RFC
 * 6962. It uses nothing of the server, so that the two can only agree by both being right.
 */

/** Gets what lies under the log's prefix, e.g. `tile/0/000.p/3`; `null` for a 404. */
export type GetResource = (path: string) => Promise<Buffer | null>;

export interface VerifiedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

export interface AuditedLog {
  readonly checkpoint: VerifiedCheckpoint;
  /** Every entry, in order. */
  readonly entries: readonly Buffer[];
  readonly tilesChecked: number;
}

const WIDTH = 256;
const HASH = 32;

export class TlogClient {
  private readonly get: GetResource;
  private readonly name: string;
  private readonly keyId: Buffer;
  private readonly publicKey: Buffer;

  /** Throws where the verifier key is none. */
  constructor(vkey: string, get: GetResource) {
    const [, name = '', id = '', key = ''] =
      /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(vkey) ?? [];
    const typed = Buffer.from(key, 'base64');
    const expected = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4);
    if (typed.length !== 1 + HASH || typed[0] !== 1) throw new Error('not an Ed25519 verifier key');
    if (expected.toString('hex') !== id) throw new Error('the id is not that of the key');
    this.get = get;
    this.name = name;
    this.keyId = expected;
    this.publicKey = typed.subarray(1);
  }

  /** Fetches the newest checkpoint and verifies it, or verifies the one that is given. */
  async checkpoint(given?: string): Promise<VerifiedCheckpoint> {
    const note = given ?? (await this.fetch('checkpoint')).toString('utf8');
    const end = note.lastIndexOf('\n\n');
    const text = note.slice(0, end + 1);
    const signatures = note.slice(end + 2);
    if (end === -1 || !signatures.endsWith('\n')) throw new Error('not a signed note');
    if (
      !signatures
        .slice(0, -1)
        .split('\n')
        .some((line) => this.signs(text, line))
    ) {
      throw new Error('no valid signature of the log');
    }
    const [origin = '', size = '', root = '', ...extensions] = text.split('\n');
    if (origin !== this.name) throw new Error(`the origin is ${origin}`);
    if (!/^(?:0|[1-9]\d*)$/.test(size)) throw new Error(`the size is ${size}`);
    const hash = Buffer.from(root, 'base64');
    if (hash.length !== HASH || hash.toString('base64') !== root) throw new Error(`the root is ${root}`);
    if (extensions.at(-1) !== '') throw new Error('the text does not end in a newline');
    return { origin, size: Number(size), root: hash, note };
  }

  private signs(text: string, line: string): boolean {
    const [, name, encoded = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    const signature = Buffer.from(encoded, 'base64');
    if (name !== this.name || !signature.subarray(0, 4).equals(this.keyId)) return false;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: this.publicKey.toString('base64url') };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(null, Buffer.from(text), key, signature.subarray(4));
  }

  /**
   * Fetches every bundle and every tile that a checkpoint asks for: entries must hash to the tiles of level
   * 0, each tile must be that of the tree over them, and the root the checkpoint's. Throws where one is not.
   */
  async audit(checkpoint: VerifiedCheckpoint): Promise<AuditedLog> {
    const entries: Buffer[] = [];
    for (const { path, width } of positions('tile/entries', checkpoint.size)) {
      entries.push(...readBundle(await this.fetch(path), width));
    }
    let nodes = entries.map((entry) => sha256(Buffer.of(0), entry));
    if (!treeHash(nodes).equals(checkpoint.root)) throw new Error('the entries do not give the root');
    let tilesChecked = 0;
    for (let level = 0; nodes.length > 0; level++) {
      for (const { path, width, index } of positions(`tile/${level}`, nodes.length)) {
        const expected = Buffer.concat(nodes.slice(index * WIDTH, index * WIDTH + width));
        if (!(await this.fetch(path)).equals(expected)) throw new Error(`${path} is not that of the entries`);
        tilesChecked += 1;
      }
      const above: Buffer[] = [];
      for (let at = 0; at + WIDTH <= nodes.length; at += WIDTH)
        above.push(treeHash(nodes.slice(at, at + WIDTH)));
      nodes = above;
    }
    return { checkpoint, entries, tilesChecked };
  }

  /** Whether the tiles of the newer tree, which give its root, also give the older one's. */
  async isConsistent(older: VerifiedCheckpoint, newer: VerifiedCheckpoint): Promise<boolean> {
    const tiles = new Map<string, Buffer>();
    const rootAt = async (size: number): Promise<Buffer> =>
      size === 0 ? sha256() : await this.rangeHash(tiles, newer.size, 0, size);
    return (
      older.size <= newer.size &&
      (await rootAt(newer.size)).equals(newer.root) &&
      (await rootAt(older.size)).equals(older.root)
    );
  }

  /** MTH(D[start:end]) out of the tiles of a tree, by the recursion of RFC 6962. */
  private async rangeHash(
    tiles: Map<string, Buffer>,
    size: number,
    start: number,
    end: number,
  ): Promise<Buffer> {
    const count = end - start;
    for (let level = 6; level >= 0; level--) {
      if (count !== WIDTH ** level) continue;
      const position = start / count;
      const index = Math.floor(position / WIDTH);
      const width = Math.min(WIDTH, Math.floor(size / count) - index * WIDTH);
      const path = `tile/${level}/${pathOf(index, width)}`;
      const tile = tiles.get(path) ?? (await this.fetch(path));
      tiles.set(path, tile);
      if (tile.length !== width * HASH) throw new Error(`${path} has ${tile.length} bytes`);
      return tile.subarray((position % WIDTH) * HASH, ((position % WIDTH) + 1) * HASH);
    }
    const middle = start + split(count);
    const left = await this.rangeHash(tiles, size, start, middle);
    return sha256(Buffer.of(1), left, await this.rangeHash(tiles, size, middle, end));
  }

  private async fetch(path: string): Promise<Buffer> {
    const body = await this.get(path);
    if (body === null) throw new Error(`${path} is not there`);
    return body;
  }
}

/** Whether a path of an inclusion proof leads from an entry to the root, by RFC 6962's definition of PATH. */
export function isIncluded(
  entry: Buffer,
  { index, size, hashes, root }: { index: number; size: number; hashes: readonly string[]; root: Buffer },
): boolean {
  const rest = hashes.map((hash) => Buffer.from(hash, 'base64'));
  const climb = (at: number, count: number): Buffer => {
    if (count === 1) return sha256(Buffer.of(0), entry);
    const sibling = rest.pop() ?? Buffer.alloc(0);
    const left = split(count);
    return at < left
      ? sha256(Buffer.of(1), climb(at, left), sibling)
      : sha256(Buffer.of(1), sibling, climb(at - left, count - left));
  };
  return climb(index, size).equals(root) && rest.length === 0;
}

/** The paths of all tiles or bundles over so many nodes: the full ones, then the partial one. */
function positions(prefix: string, count: number): { path: string; index: number; width: number }[] {
  return Array.from({ length: Math.ceil(count / WIDTH) }, (_, index) => {
    const width = Math.min(WIDTH, count - index * WIDTH);
    return { path: `${prefix}/${pathOf(index, width)}`, index, width };
  });
}

function pathOf(index: number, width: number): string {
  const elements: string[] = [];
  let rest = index;
  do {
    elements.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const path = elements.map((element, i) => (i === elements.length - 1 ? element : `x${element}`)).join('/');
  return width === WIDTH ? path : `${path}.p/${width}`;
}

function readBundle(bundle: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = [];
  let at = 0;
  while (at < bundle.length) {
    const end = at + 2 + bundle.readUInt16BE(at);
    if (end > bundle.length) throw new Error('an entry is cut off');
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  if (entries.length !== width) throw new Error(`a bundle has ${entries.length} entries instead of ${width}`);
  return entries;
}

/** MTH of leaf hashes (RFC 6962 section 2.1). */
function treeHash(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return sha256();
  if (hashes.length === 1) return first;
  const middle = split(hashes.length);
  return sha256(Buffer.of(1), treeHash(hashes.slice(0, middle)), treeHash(hashes.slice(middle)));
}

/** The largest power of two below a count. */
function split(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

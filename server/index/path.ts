/**
 * Longest that names make a path's key, in UTF-16 code units. What lies deeper, or under a longer name, is
 * still there but is not told apart any more: all of it lies at one path below the last one that fits.
 * Without such a limit the keys of one event could take a thousand times as much room as the event.
 */
export const PATH_KEY_MAX = 512;

/**
 * A path at which content lies, one object for each path of a tree. Its key is the names joined by dots, with
 * `\` before `\`, `.` and `[` in names, and `[]` behind a name for the elements of an array there.
 */
export class PathNode {
  readonly key: string;
  /** The last name of the path. */
  readonly name: string;
  /** Whether its name is the sender's own, so that the words of it count. */
  readonly isCustom: boolean;
  /** What is done with strings here besides. */
  readonly holds: 'TIME' | 'ADDRESS' | null;
  /** How a member of this name begins in canonical JSON. */
  readonly opening: string;
  /** The record, by its number in the tree's count, that has last had a leaf here that was not null. */
  lastPresent = 0;
  /** Which member came first in the last object here, and which one after this: most likely they do again. */
  firstMember: PathNode | null = null;
  nextMember: PathNode | null = null;
  private readonly tree: PathTree;
  private members: Map<string, PathNode> | null = null;
  private elementNode: PathNode | null = null;
  private deeperNode: PathNode | null = null;
  private namedText: string | null = null;

  constructor(tree: PathTree, key: string, name: string) {
    this.tree = tree;
    this.key = key;
    this.name = name;
    // Both read the key, which makes one text of what it was put together from.
    this.isCustom = isCustom(key);
    this.holds = HOLDS.get(key) ?? null;
    this.opening = `${JSON.stringify(name)}:`;
    tree.count += 1;
    tree.keyUnits += key.length;
  }

  /** Its named form. */
  get named(): string {
    return (this.namedText ??= nameOf(this.key));
  }

  /** The path of a member of an object here. */
  member(name: string): PathNode {
    return this.members?.get(name) ?? this.newMember(name);
  }

  /** The path of the elements of an array here. */
  elements(): PathNode {
    if (this.key.endsWith(DEEPER)) return this;
    return (this.elementNode ??= new PathNode(this.tree, `${this.key}[]`, this.name));
  }

  private newMember(name: string): PathNode {
    const key = name.length > PATH_KEY_MAX ? null : memberKey(this.key, name);
    if (key === null || key.length > PATH_KEY_MAX) return this.deeper();
    const kept = detached(name);
    const node = new PathNode(this.tree, key, kept);
    // Most paths lead to values that have no members.
    this.members ??= new Map<string, PathNode>();
    this.members.set(kept, node);
    return node;
  }

  private deeper(): PathNode {
    if (this.key.endsWith(DEEPER)) return this;
    return (this.deeperNode ??= new PathNode(this.tree, this.key + DEEPER, ''));
  }
}

/**
 * Stands for all names that do not fit any more. No name gives it: in keys only `\`, `.` and `[` follow a
 * `\`.
 */
const DEEPER = '.\\~';

const HOLDS: ReadonlyMap<string, 'TIME' | 'ADDRESS'> = new Map([
  ['event.occurredAt', 'TIME'],
  ['event.occurredAtSent', 'TIME'],
  ['context.ipAddress', 'ADDRESS'],
]);

/**
 * The paths that were met so far. It grows with what is read: whoever makes it gives it up with what it was
 * made for.
 */
export interface PathTree {
  /** Its members are the sections. */
  readonly root: PathNode;
  /** Paths in it. */
  count: number;
  /** What their keys have together, in UTF-16 code units. */
  keyUnits: number;
  /** Records that were read with it. */
  records: number;
  /** Digests of short arrays that were met, by their JSON. */
  readonly digests: Map<string, string>;
}

/** An empty one. */
export function createPathTree(): PathTree {
  return new Tree();
}

class Tree implements PathTree {
  count = 0;
  keyUnits = 0;
  records = 0;
  readonly digests = new Map<string, string>();
  readonly root: PathNode = new PathNode(this, '', '');
}

/** The same text by itself: a part that was cut from a text keeps the whole of it alive. */
export function detached(text: string): string {
  // What was written as a JSON string is one.
  return JSON.parse(JSON.stringify(text)) as string;
}

/** The key of a path of members, with no array on the way. */
export function exactKey(members: readonly string[]): string {
  return members.reduce(memberKey, '');
}

function memberKey(parent: string, name: string): string {
  const escaped = NEEDS_ESCAPE.test(name) ? name.replace(EACH_ESCAPE, '\\$&') : name;
  return parent === '' ? escaped : `${parent}.${escaped}`;
}

const NEEDS_ESCAPE = /[\\.[]/;
const EACH_ESCAPE = /[\\.[]/g;

/**
 * The named form of a key: its names joined by dots, without arrays. Names that did not fit into the key
 * count as one empty name.
 */
export function nameOf(key: string): string {
  return key.replace(KEY_PART, (part, escaped: string | undefined) => {
    if (part === '[]' || part === '\\~') return '';
    return escaped ?? part;
  });
}

/** The elements of an array, or an escaped character. */
const KEY_PART = /\[\]|\\(.)/gs;

/** The last name of a key. */
export function lastName(key: string): string {
  let start = 0;
  for (let at = 0; at < key.length; at++) {
    if (key[at] === '\\') at += 1;
    else if (key[at] === '.') start = at + 1;
  }
  return nameOf(key.slice(start));
}

/** Whether the last name of a key is the sender's own, so that the words of it count. */
export function isCustom(key: string): boolean {
  return CUSTOM.test(key);
}

const CUSTOM = /^(?:details|changes\.(?:before|after))(?:\[\])*\./;

import type { PathLevel } from './path-levels.ts';

/** A place in the drawing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One level of the drawing: the hash of the path, and its neighbour. */
export interface ShapeLevel {
  readonly node: Point;
  readonly neighbour: Point;
  readonly parent: Point;
}

/** Where everything of a path stands, leaf first. */
export interface TreeShape {
  readonly levels: readonly ShapeLevel[];
  readonly leaf: Point;
  readonly root: Point;
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/** Height of one level, and how far apart two children are at the root and, at the least, further down. */
const LEVEL = 22;
const SPREAD_FIRST = 64;
const SPREAD_MIN = 11;

/**
 * Lays the path out as it lies in the tree: the root above in the middle, each level closer together than the
 * one above it.
 */
export function treeShape(levels: readonly Pick<PathLevel, 'side'>[]): TreeShape {
  const root: Point = { x: 0, y: 0 };
  const shape: ShapeLevel[] = [];
  let parent = root;
  let spread = SPREAD_FIRST;
  for (const { side } of levels.toReversed()) {
    const own = side === 'LEFT' ? spread : -spread;
    const y = parent.y + LEVEL;
    const node = { x: parent.x + own, y };
    shape.unshift({ node, neighbour: { x: parent.x - own, y }, parent });
    parent = node;
    spread = Math.max(SPREAD_MIN, spread * 0.66);
  }
  const xs = shape.flatMap(({ node, neighbour }) => [node.x, neighbour.x]);
  return {
    levels: shape,
    leaf: parent,
    root,
    left: Math.min(0, ...xs),
    right: Math.max(0, ...xs),
    bottom: parent.y,
  };
}

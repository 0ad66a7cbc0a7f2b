/** Where a person is in the chart, by places of bars. */
export interface Brush {
  /** The bar that is looked at. */
  readonly at: number;
  /** Where the marking began; `null`: nothing is marked. */
  readonly anchor: number | null;
}

/** Moves by so many bars, within so many; `isMarking` marks what lies between. */
export function moveBrush(
  brush: Brush | null,
  { by, isMarking }: { readonly by: number; readonly isMarking: boolean },
  count: number,
): Brush | null {
  if (count === 0) return null;
  if (brush === null) return { at: by > 0 ? 0 : count - 1, anchor: null };
  const at = Math.min(count - 1, Math.max(0, brush.at + by));
  return { at, anchor: isMarking ? (brush.anchor ?? brush.at) : null };
}

/** First and last bar that are marked; the one that is looked at where none is. */
export function markedBars({ at, anchor }: Brush): readonly [first: number, last: number] {
  return anchor === null ? [at, at] : [Math.min(at, anchor), Math.max(at, anchor)];
}

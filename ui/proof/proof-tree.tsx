import { useMemo } from 'react';
import { countText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import type { RecordToProve } from './check-record.ts';
import { messages } from './messages.ts';
import { type PathLevel, pathLevels } from './path-levels.ts';
import type { ProofStep } from './proof-step.ts';
import { type Point, type TreeShape, treeShape } from './tree-shape.ts';
import './proof-tree.css';

export interface ProofTreeProps {
  readonly record: RecordToProve;
  /** Records under the root. */
  readonly size: number;
  readonly hashes: readonly string[];
  /** What came of following the path. */
  readonly state: ProofStep['state'];
  /** Every step holds: only then is the path green. */
  readonly isVerified: boolean;
}

/** How long after the one below a level lights up. */
const LEVEL_MS = 40;
const MARGIN = 18;

/** The record's path in the tree, drawn and as a list. */
export function ProofTree({ record, size, hashes, state, isVerified }: ProofTreeProps) {
  const { index, leafHash } = record;
  const levels = useMemo(
    () => pathLevels({ index, size, leafHash, hashes }),
    [index, size, leafHash, hashes],
  );
  const shape = useMemo(() => treeShape(levels), [levels]);
  const records = messages.recordsOf(size);
  return (
    <figure className="proof-tree" data-state={isVerified ? 'verified' : state.toLowerCase()}>
      <svg
        viewBox={viewBoxOf(shape)}
        style={{ maxHeight: shape.bottom + 96 }}
        role="img"
        aria-label={messages.treeAlt(countText(index), messages.neighbours(levels.length), records)}
      >
        <Levels shape={shape} />
        <Leaf at={shape.leaf} record={record} />
        <Seal records={records} delayMs={levels.length * LEVEL_MS} />
      </svg>
      <PathList leafHash={leafHash} levels={levels} />
    </figure>
  );
}

function viewBoxOf({ left, right, bottom }: TreeShape): string {
  const half = Math.max(90, right + MARGIN, MARGIN - left);
  return `${-half} -38 ${2 * half} ${bottom + 86}`;
}

function Levels({ shape }: { readonly shape: TreeShape }) {
  const lit = shape.levels.map((level, place) => ({ ...level, delay: `${place * LEVEL_MS}ms`, place }));
  return (
    <>
      {lit.map(({ neighbour, parent, place }) => (
        <g key={place} className="proof-tree-neighbour">
          <path d={edge(neighbour, parent)} />
          {place === 0 ? (
            <circle cx={neighbour.x} cy={neighbour.y} r={3} />
          ) : (
            <path className="proof-tree-subtree" d={triangle(neighbour)} />
          )}
        </g>
      ))}
      {lit.map(({ node, parent, place, delay }) => (
        <g key={place} className="proof-tree-path" style={{ animationDelay: delay }}>
          <path d={edge(node, parent)} />
          <circle cx={parent.x} cy={parent.y} r={place === lit.length - 1 ? 4.5 : 3.5} />
        </g>
      ))}
    </>
  );
}

/** The leaf with what it commits to below it: a dashed square for what is not there. */
function Leaf({ at, record }: { readonly at: Point; readonly record: RecordToProve }) {
  const { sections } = record;
  const from = at.x - (sections.length * 10 - 4) / 2;
  return (
    <>
      <g className="proof-tree-path">
        <circle cx={at.x} cy={at.y} r={5} />
      </g>
      {sections.map(({ name, state, json }, place) => (
        <rect
          key={name}
          className="proof-tree-section"
          data-there={json !== null}
          x={from + place * 10}
          y={at.y + 12}
          width={6}
          height={6}
        >
          <title>{messages.sectionState(name, sectionWord(state, json))}</title>
        </rect>
      ))}
      <text className="proof-tree-label" x={at.x} y={at.y + 34}>
        {messages.leafOf(countText(record.index))}
      </text>
    </>
  );
}

function sectionWord(state: string, json: string | null): string {
  if (json !== null) return messages.present;
  return state === 'ERASED' ? messages.erased : messages.withheld;
}

function Seal({ records, delayMs }: { readonly records: string; readonly delayMs: number }) {
  const text = messages.checkpointOf(records);
  const width = text.length * 6 + 20;
  return (
    <g className="proof-tree-path proof-tree-seal" style={{ animationDelay: `${delayMs}ms` }}>
      <path d="M0 0V-16" />
      <rect x={-width / 2} y={-36} width={width} height={20} rx={10} />
      <text className="proof-tree-label" x={0} y={-22}>
        {text}
      </text>
    </g>
  );
}

function edge(from: Point, to: Point): string {
  const middle = (from.y + to.y) / 2;
  return `M${from.x} ${from.y}C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
}

function triangle({ x, y }: Point): string {
  return `M${x} ${y - 2}l5 8h-10z`;
}

function PathList({
  leafHash,
  levels,
}: {
  readonly leafHash: string;
  readonly levels: readonly PathLevel[];
}) {
  return (
    <details className="proof-tree-list">
      <summary>{messages.pathList}</summary>
      <ol>
        <li>
          {messages.leafIs}{' '}
          <code>
            <ShownText text={leafHash} />
          </code>
        </li>
        {levels.map(({ side, neighbour, joined }, place) => (
          // The levels of one path never change places.
          <li key={place}>
            {side === 'LEFT' ? messages.joinedLeft : messages.joinedRight}{' '}
            <code>
              <ShownText text={neighbour} />
            </code>
            {joined !== null && (
              <>
                {' '}
                {messages.rootIs} <code>{joined}</code>
              </>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}

import { whole } from '#server/cli/progress-line.ts';
import type { Subject } from './subject.ts';

const TRUST: Readonly<Record<Subject['trust'], string>> = {
  GIVEN: 'signed with the key given',
  PINNED: 'signed with the key pinned before',
  SELF: 'self-consistent only: signed with the key inside',
  NONE: 'not signed with a known key',
};

/** What came of a verification, in lines for a person: nothing that was verified can begin one of its own. */
export function describeSubject(subject: Subject): string[] {
  return describe(subject).map((line) => line.replaceAll('\n', '\\n'));
}

function describe(subject: Subject): string[] {
  const { name, verified, trust, origin, vkey, size, root, checked, breakCount, breaks, rate } = subject;
  const records = `${whole(checked)} record${checked === 1 ? '' : 's'}`;
  const pace = rate === null ? '' : `, ${whole(rate)}/s`;
  const count = `${whole(breakCount)} break${breakCount === 1 ? '' : 's'}`;
  const lines = [
    verified
      ? `${trust === 'SELF' ? 'SELF-CONSISTENT' : 'VERIFIED'}  ${name}: ${records} checked${pace}, no break.`
      : `BROKEN  ${name}: ${records} checked${pace}, ${count}.`,
  ];
  for (const one of breaks) {
    lines.push(`  ${one.kind}  ${one.index === null ? '' : `record ${one.index}: `}${one.message}`);
  }
  if (breakCount > breaks.length) lines.push(`  … and ${whole(breakCount - breaks.length)} more breaks.`);
  if (origin !== null) {
    lines.push(
      `  Checkpoint of ${origin}, size ${size === null ? 'unknown' : whole(size)}, ${TRUST[trust]}.`,
    );
    if (root !== null) lines.push(`  Root ${root}`);
  }
  if (vkey !== null) lines.push(`  Key  ${vkey}`);
  for (const witness of subject.witnesses) {
    const { state, timestamp } = witness;
    const time = timestamp === null ? '' : ` at ${timeText(timestamp)}`;
    lines.push(`  Witness ${witness.name}: ${WITNESS[state]}${time}.`);
  }
  for (const fact of subject.facts) lines.push(`  ${fact}`);
  for (const sentence of subject.unchecked) lines.push(`  Not checked: ${sentence}`);
  return lines;
}

const WITNESS: Readonly<Record<Subject['witnesses'][number]['state'], string>> = {
  COSIGNED: 'cosigned',
  INVALID: 'its cosignature is not valid',
  ABSENT: 'did not cosign',
  UNKNOWN_ALGORITHM: 'cosigned in a way that cannot be verified here',
};

/** The longest time that a `Date` can have, in seconds. */
const SECONDS_MAX = 8_640_000_000_000;

function timeText(seconds: number): string {
  return seconds <= SECONDS_MAX ? new Date(seconds * 1000).toISOString() : `second ${seconds}`;
}

import type { CheckOutcome } from './pack-outcome.ts';

type Found = Omit<CheckOutcome, 'unchecked' | 'verified'>;

/** What a verification does not show, in sentences for whoever reads its outcome. */
export function uncheckedSentences(found: Found): string[] {
  const sentences: string[] = [];
  const { trust, note, checked, links, absent, seen } = found;
  if (trust === 'SELF') {
    sentences.push(
      'The signature was verified with the key in the pack itself: it is self-consistent only. Whoever ' +
        'made it could have made that key, too. Compare the verifier key with one that you got elsewhere.',
    );
  }
  if (trust === 'NONE' && note !== null) {
    sentences.push('No signature was verified: nothing shows who made this.');
  }
  if (checked > links) {
    sentences.push(
      `${counted(checked - links, 'record')} could not be compared with the record before: it is not there.` +
        ' The proof shows that each is in the ledger.',
    );
  }
  if (absent > 0) {
    sentences.push(
      `${counted(absent, 'section')} cannot be read: erased or withheld. Only the commitments are there.`,
    );
  }
  for (const { name, state } of note?.witnesses ?? []) {
    if (state !== 'UNKNOWN_ALGORITHM') continue;
    sentences.push(
      `The cosignature of ${name} was not verified: its kind of signature cannot be verified here.`,
    );
  }
  const otherLines = note?.otherLines ?? 0;
  if (otherLines > 0) {
    sentences.push(
      `${counted(otherLines, 'signature line')} of other keys, such as witnesses, was not looked at.`,
    );
  }
  for (const { size, state } of seen) {
    if (state !== 'UNKNOWN') continue;
    sentences.push(`It could not be compared with the checkpoint of size ${size} that was seen before.`);
  }
  return sentences;
}

/** What no verification of a pack can show. */
export const PACK_LIMITS =
  'Nobody signs what was asked for, when and by whom (manifest.json), README.txt and verify.html. That the ' +
  'pack holds every record that matched is the word of who exported it.';

/** Says that a checkpoint which was seen before has another root than the ledger had at its size. */
export function forkMessage(seenSize: number, size: number | null): string {
  return seenSize === size
    ? `a fork: a checkpoint of the same size ${size} with another root was seen before`
    : `the ledger does not contain the checkpoint of size ${seenSize} that was seen before`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What is checked, in the order in which one rests on the other. */
export const PROOF_STEPS = ['CONTENT', 'ENTRY', 'LEAF', 'PATH', 'SIGNATURE', 'WITNESSES', 'MEMORY'] as const;
export type ProofStepName = (typeof PROOF_STEPS)[number];

/** What came of one step, with a sentence that says what was found. */
export interface ProofStep {
  readonly state:
    | 'CHECKING'
    /** No checkpoint covers the record yet. */
    | 'WAITING'
    | 'HOLDS'
    | 'BROKEN'
    /** It could not be checked; the sentence says why. */
    | 'UNCHECKED'
    /** There is nothing to check. */
    | 'NONE';
  readonly found: string;
}

export type ProofSteps = Readonly<Record<ProofStepName, ProofStep>>;

/** The final word. Only the first one may be shown as verified. */
export type ProofVerdict =
  | 'VERIFIED'
  | 'CHECKING'
  | 'WAITING'
  | 'BROKEN'
  /** In the tree; nobody compared the content with its commitments. */
  | 'CONTENT_UNCHECKED'
  /** In the tree; there is no content left to compare. */
  | 'CONTENT_GONE'
  /** In the tree; witnesses or the remembered checkpoint could not be checked. */
  | 'PARTLY'
  /** Whether it is in the tree could not be checked. */
  | 'UNPROVEN';

/** The steps without which nothing is proven. */
const NEEDED: readonly ProofStepName[] = ['ENTRY', 'LEAF', 'PATH', 'SIGNATURE'];

/** The word for all steps together: what is broken comes first, and one step not done is never verified. */
export function proofVerdict(steps: ProofSteps): ProofVerdict {
  const has = (state: ProofStep['state']) => PROOF_STEPS.some((name) => steps[name].state === state);
  if (has('BROKEN')) return 'BROKEN';
  if (has('CHECKING')) return 'CHECKING';
  if (has('WAITING')) return 'WAITING';
  if (NEEDED.some((name) => steps[name].state !== 'HOLDS')) return 'UNPROVEN';
  if (steps.WITNESSES.state === 'UNCHECKED' || steps.MEMORY.state === 'UNCHECKED') return 'PARTLY';
  switch (steps.CONTENT.state) {
    case 'HOLDS':
      return 'VERIFIED';
    case 'NONE':
      return 'CONTENT_GONE';
    default:
      return 'CONTENT_UNCHECKED';
  }
}

/** Steps that were not checked. */
export function uncheckedSteps(steps: ProofSteps): readonly ProofStepName[] {
  return PROOF_STEPS.filter((name) => steps[name].state === 'UNCHECKED');
}

/** Steps that are broken. */
export function brokenSteps(steps: ProofSteps): readonly ProofStepName[] {
  return PROOF_STEPS.filter((name) => steps[name].state === 'BROKEN');
}

/** What a verification is of, as its job keeps it. */
export interface VerificationParams {
  /** First index; `null`: the ledger's first. */
  readonly from: number | null;
  /** Index to end before; `null`: the ledger's size when it starts. */
  readonly to: number | null;
  /** It was due; nobody asked. */
  readonly scheduled: boolean;
}

/** The parameters as JSON. */
export function verificationParamsText({ from, to, scheduled }: VerificationParams): string {
  return JSON.stringify({ from, to, scheduled });
}

/** Reads the parameters of a job; `isWhole`: of the whole ledger. `null` for what has another shape. */
export function readVerificationParams(
  text: string,
): (VerificationParams & { readonly isWhole: boolean }) | null {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return null;
  const { from, to, scheduled } = value as Readonly<Record<string, unknown>>;
  if (!isIndexOrNull(from) || !isIndexOrNull(to)) return null;
  return { from, to, scheduled: scheduled === true, isWhole: from === null && to === null };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Someone wrote into the table.
    return null;
  }
}

function isIndexOrNull(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
}

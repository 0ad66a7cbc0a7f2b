/** What one check of the doctor found. */
export interface Finding {
  /** What was looked at, in a word or three. */
  readonly what: string;
  readonly ok: boolean;
  readonly text: string;
  /** What to do about a problem. */
  readonly hint?: string;
}

export function fine(what: string, text: string): Finding {
  return { what, ok: true, text };
}

export function problem(what: string, text: string, hint: string): Finding {
  return { what, ok: false, text, hint };
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

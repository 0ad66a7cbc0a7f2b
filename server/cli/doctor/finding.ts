/** What one check of the doctor found. */
export interface Finding {
  /** What was looked at, in a word or three. */
  readonly what: string;
  /** A warning is about what works now and should not stay so. */
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function fine(what: string, text: string): Finding {
  return { what, level: 'ok', text };
}

export function warning(what: string, text: string, hint: string): Finding {
  return { what, level: 'warning', text, hint };
}

export function problem(what: string, text: string, hint: string): Finding {
  return { what, level: 'problem', text, hint };
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

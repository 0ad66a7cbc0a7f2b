/** What a token may do, one sentence each. A scope never implies another one. */
export const SCOPES = {
  'events:write': 'Send events.',
  'records:read': 'Read ledgers, records, proofs and checkpoints.',
  'records:reveal': 'See salts and sections that are withheld from others.',
  'ledgers:verify': 'Start verifications and read their results, proofs and tiles.',
  'exports:create': 'Make exports and fetch them: with all content, and salts, that is not withheld.',
  'alerts:read': 'Read alerts and follow them.',
  'alerts:manage': 'Change alert rules and acknowledge alerts.',
  admin: 'Create ledgers, make and revoke tokens, erase sections, read metrics, work on the quarantine.',
} as const;

/** The name of a scope. */
export type Scope = keyof typeof SCOPES;

/** All of them, in the order of the table. */
export const ALL_SCOPES: readonly Scope[] = Object.freeze(Object.keys(SCOPES).filter(isScope));

/** Whether a name is a scope's. */
export function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name);
}

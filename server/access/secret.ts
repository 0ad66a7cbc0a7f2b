import { hash } from 'node:crypto';

/** Longest secret that is looked at. */
export const SECRET_CHARACTERS_MAX = 512;

/** What a secret may be made of, so that it fits into a header: visible ASCII. */
const SECRET = /^[\x21-\x7e]+$/;

/** Whether a text can be the secret of a token. */
export function isSecret(text: string): boolean {
  return text.length <= SECRET_CHARACTERS_MAX && SECRET.test(text);
}

/**
 * The form in which a secret is stored and looked up: lower-case hex SHA-256. Secrets are random and long, so
 * a plain hash is enough, and one lookup by it takes the same time whatever was guessed.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

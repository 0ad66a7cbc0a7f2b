/**
 * Whether `If-None-Match` names what the answer would hold: whoever has either form of its validator, weak or
 * strong, has the content (RFC 9110, 13.1.2).
 *
 * @param header as it was sent; `null` where it was not
 * @param etag a strong validator with its quotes
 */
export function isNamedByIfNoneMatch(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}

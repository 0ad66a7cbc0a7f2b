import { durationText } from './number-text.ts';

/** How long ago a time was, e.g. `3 min`; `null` for less than a second, and for what is still to come. */
export function ageText(rfc3339: string, nowMs: number): string | null {
  const ageMs = nowMs - Date.parse(rfc3339);
  return ageMs < 1000 ? null : durationText(ageMs);
}

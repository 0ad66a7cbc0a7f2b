/** Whether times are shown in the zone of this machine or in UTC. */
export type Zone = 'LOCAL' | 'UTC';

/** A time with its offset, e.g. `2026-01-31 23:59:59.999 +01:00`; what is no time stays as it is. */
export function timeText(rfc3339: string, zone: Zone): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return rfc3339;
  const offset = zone === 'UTC' ? 0 : -date.getTimezoneOffset();
  // Shifted, the parts of the UTC text are the parts of the local time.
  const text = new Date(date.getTime() + offset * MINUTE_MS).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)} ${offsetText(offset, zone)}`;
}

/** The zone with the offset it has now, for the switch. */
export function zoneText(zone: Zone): string {
  if (zone === 'UTC') return 'UTC';
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'longOffset' }).formatToParts();
  return (parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'local').replace('GMT', 'UTC');
}

const MINUTE_MS = 60_000;

function offsetText(minutes: number, zone: Zone): string {
  if (zone === 'UTC') return 'Z';
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

import { usePreferences } from '#ui/app/preferences.ts';
import { timeText } from './time-text.ts';

/** A time in the zone that the person chose, with its offset; in UTC as its title. `at` is RFC 3339. */
export function Moment({ at }: { readonly at: string }) {
  const { zone } = usePreferences();
  return (
    <time dateTime={at} title={timeText(at, 'UTC')}>
      {timeText(at, zone)}
    </time>
  );
}

import { useEffect, useState } from 'react';
import { systemClock } from '#server/clock.ts';

/** The time in ms, again every so many ms: what says how old something is grows old itself. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(systemClock);
  useEffect(() => {
    const timer = setInterval(() => setNow(systemClock()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

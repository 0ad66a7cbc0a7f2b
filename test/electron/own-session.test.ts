import type { Session } from 'electron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSignIn, RENEW_AGAIN_MS } from '#electron/own-session.ts';
import { systemClock } from '#server/clock.ts';

const URL = 'http://127.0.0.1:4318';
const HOUR_MS = 3_600_000;

describe('the session of the own window', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function signIn() {
    const asked: number[] = [];
    const cookies = { set: async () => undefined } as never as Session['cookies'];
    const renew = (): void => void asked.push(systemClock());
    return { asked, signIn: createSignIn(cookies, renew, systemClock) };
  }
  const session = () => ({ name: 'indelible_session', value: 'x', expiresAt: systemClock() + 12 * HOUR_MS });

  it('is asked for again at half of its time', async () => {
    const made = signIn();
    await made.signIn.use(URL, session());
    await vi.advanceTimersByTimeAsync(6 * HOUR_MS - 1);
    expect(made.asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(made.asked).toHaveLength(1);
  });

  it('is asked for until one comes, and not any more when the server has ended', async () => {
    const made = signIn();
    await made.signIn.use(URL, session());
    await vi.advanceTimersByTimeAsync(6 * HOUR_MS + 2 * RENEW_AGAIN_MS);
    expect(made.asked).toHaveLength(3);
    await made.signIn.use(URL, session());
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(made.asked).toHaveLength(3);
    made.signIn.stop();
    await vi.advanceTimersByTimeAsync(12 * HOUR_MS);
    expect(made.asked).toHaveLength(3);
  });
});

import { describe, expect, it } from 'vitest';
import { AppError, FatalError } from '#server/errors.ts';
import type { Admission, Settlement } from '#server/ports/intake.ts';
import {
  packAdmission,
  packError,
  packSettlement,
  unpackAdmission,
  unpackError,
  unpackSettlement,
} from '#server/storage/sqlite/writer-messages.ts';

const roundTrip = (error: unknown) => unpackError(structuredClone(packError(error)));

describe('what crosses between the threads', () => {
  it('is the same admission on the other side', () => {
    const admissions: readonly Admission[] = [
      { outcome: 'ACCEPTED' },
      { outcome: 'CONFLICT' },
      { outcome: 'DUPLICATE', index: null },
      { outcome: 'DUPLICATE', index: 0 },
      { outcome: 'DUPLICATE', index: Number.MAX_SAFE_INTEGER },
    ];
    expect(admissions.map(packAdmission).map(unpackAdmission)).toEqual(admissions);
  });

  it('is the same settlement on the other side', () => {
    const settlements: readonly Settlement[] = [
      { state: 'RECORDED', index: 0 },
      { state: 'RECORDED', index: Number.MAX_SAFE_INTEGER },
      { state: 'QUARANTINED' },
      { state: 'NONE' },
    ];
    expect(settlements.map(packSettlement).map(unpackSettlement)).toEqual(settlements);
  });

  it('is the same public error on the other side, without its cause', () => {
    const error = new AppError('STORAGE_UNAVAILABLE', {
      message: 'why',
      retryAfterS: 7,
      cause: new Error('secret'),
    });
    const received = roundTrip(error);
    expect(received).toBeInstanceOf(AppError);
    expect(received).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: 'why', retryAfterS: 7 });
    expect(received.cause).toBeUndefined();
    expect(roundTrip(new AppError('LEDGER_NOT_FOUND'))).toMatchObject({
      code: 'LEDGER_NOT_FOUND',
      retryAfterS: null,
    });
  });

  it('turns a contradiction into APPLIANCE_READ_ONLY and leaves an unknown error unknown', () => {
    expect(roundTrip(new FatalError('acme', 'The head is wrong.'))).toMatchObject({
      code: 'APPLIANCE_READ_ONLY',
      message: 'The head is wrong.',
    });
    for (const unknown of [new Error('odd'), 'odd']) {
      const received = roundTrip(unknown);
      expect(received).not.toBeInstanceOf(AppError);
      expect(received.message).toBe('odd');
    }
  });
});

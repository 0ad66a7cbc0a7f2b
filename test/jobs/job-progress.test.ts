import { expect, it } from 'vitest';
import { endedProgressText, jobProgressText, readJobProgress } from '#server/jobs/job-progress.ts';
import { readVerificationParams } from '#server/jobs/verification-params.ts';
import { readVerificationReport } from '#server/jobs/verification-report.ts';

const NONE = { attempts: 0, outages: 0 };
/** What someone with a hand in the table may have put there. */
const NONSENSE = [
  'null',
  '[]',
  '"text"',
  '7',
  '{',
  '',
  '{"runs":[],"breaks":{}}',
  '{"runs":{"attempts":-1,"outages":"x","code":5},"checked":"1","total":-2,"rate":"fast","phase":"X"}',
  '{"breaks":[null,7,{"kind":"X","message":"m"},{"kind":"MISSING"}],"breakCount":1.5}',
  '{"root":4,"notChecked":[1]}',
];

it('progress is kept with the notes of whoever runs the job, and read back as it was', () => {
  const text = jobProgressText({ checked: 5, resume: { next: 5 } }, { attempts: 2, outages: 1 });
  expect(readJobProgress(text)).toEqual({
    reported: { checked: 5, resume: { next: 5 } },
    notes: { attempts: 2, outages: 1 },
  });
  const ended = endedProgressText({ checked: 5, resume: { next: 5 } }, { ...NONE, code: 'INTERNAL' });
  expect(readJobProgress(ended)).toEqual({ reported: { checked: 5 }, notes: { ...NONE, code: 'INTERNAL' } });
});

it.each(NONSENSE)('what is no progress counts as none: %s', (text) => {
  expect(readJobProgress(text).notes).toEqual(NONE);
  for (const state of ['RUNNING', 'DONE', 'FAILED'] as const) {
    expect(readVerificationReport({ state, progress: text, result: text })).toEqual({
      checked: 0,
      total: 0,
      rate: null,
      phase: null,
      breaks: [],
      breakCount: 0,
      size: null,
      root: null,
      notChecked: [],
      code: state === 'FAILED' ? 'INTERNAL' : null,
    });
  }
  expect(readVerificationParams(text)?.isWhole ?? false).toBe(false);
});

it('a verification that is DONE is told by its result, any other one by its progress', () => {
  const progress = JSON.stringify({
    checked: 3,
    total: 9,
    rate: 1.5,
    phase: 'INDEX',
    breaks: [],
    breakCount: 0,
  });
  const broken = { kind: 'MISSING', index: 4, message: 'gone' };
  const whole = { kind: 'ROLLED_BACK', index: null, message: 'smaller' };
  const breaks = { breaks: [broken, whole], breakCount: 7 };
  const result = JSON.stringify({ checked: 9, total: 9, phase: 'RECORDS', ...breaks, size: 9, root: 'r' });
  expect(readVerificationReport({ state: 'CANCELLED', progress, result: null })).toMatchObject({
    checked: 3,
    total: 9,
    rate: 1.5,
    phase: 'INDEX',
    size: null,
  });
  expect(readVerificationReport({ state: 'DONE', progress, result })).toMatchObject({
    checked: 9,
    breaks: [broken, whole],
    breakCount: 7,
    size: 9,
    root: 'r',
  });
});

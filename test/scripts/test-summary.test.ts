import { describe, expect, it } from 'vitest';
import { summarizeTests, type TestReport } from '#scripts/test-summary.ts';

const report = (members: Partial<TestReport>): TestReport => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...members,
});

describe('the closing line of a test run', () => {
  it('counts what passed and failed', () => {
    expect(summarizeTests(report({}), 0)).toBe('3 passed, 0 failed');
    const testResults = [
      { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    ];
    expect(summarizeTests(report({ numFailedTests: 2, testResults }), 1)).toBe('3 passed, 2 failed');
  });

  it('names tests that were skipped or left to do', () => {
    expect(summarizeTests(report({ numPendingTests: 1, numTodoTests: 2 }), 0)).toBe(
      '3 passed, 0 failed, 3 skipped',
    );
  });

  it('counts a file that could not be loaded as a failure', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(summarizeTests(report({ testResults }), 1)).toBe('3 passed, 1 failed');
  });

  it('counts a run that failed without a failed test as a failure', () => {
    expect(summarizeTests(report({}), 1)).toBe('3 passed, 1 failed');
    expect(summarizeTests(null, 1)).toBe('0 passed, 1 failed');
  });
});

/** The part of vitest's JSON report that the closing line is made from. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * The closing line of a test run, `N passed, N failed` and, where some were, `, N skipped`.
 *
 * Whatever made vitest exit with an error and is no failed test (a file that cannot be loaded, an error
 * outside every test, no report at all) counts as one failure, so that the line never looks better than the
 * exit code.
 *
 * @param report `null` where vitest wrote none
 */
export function summarizeTests(report: TestReport | null, exitCode: number): string {
  const unloaded = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  const counted = (report?.numFailedTests ?? 0) + unloaded.length;
  const failed = counted === 0 && exitCode !== 0 ? 1 : counted;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const line = `${report?.numPassedTests ?? 0} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

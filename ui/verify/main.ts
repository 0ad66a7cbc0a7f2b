import { element } from '#ui/parts/element.ts';
import { createBreakTable } from './break-table.ts';
import type { EvidenceFile } from './evidence-file.ts';
import { createFactList } from './fact-list.ts';
import { createInputs } from './inputs.ts';
import { takeOfferedFile } from './offered-file.ts';
import { createRecordBrowser } from './record-browser.ts';
import { createVerdictBand } from './verdict-band.ts';
import { type Reader, type Verdict, verifyFile } from './verify-file.ts';

/**
 * The page: a file, a key, and what comes of them. Each verification begins with nothing said; a verdict is
 * shown only when the last byte was checked, and goes as soon as anything it rests on changes.
 */

let file: EvidenceFile | null = null;
let reader: Reader = { vkey: null, witnesses: [] };
let running: AbortController | null = null;

const inputs = createInputs({
  onFile: look,
  onReader(given) {
    reader = given;
    if (file !== null) start(0, 0);
  },
  onProblem() {
    stop();
    if (file !== null) band.showStopped('What stands as a key is none: nothing was checked with it.');
  },
});
const band = createVerdictBand(() => {
  stop();
  band.showStopped('The check was stopped before its end: it says nothing.');
});
const facts = createFactList();
const breaks = createBreakTable((index) => records.open(index));
const records = createRecordBrowser(start);

const page = document.getElementById('page') ?? document.body;
page.append(
  element(
    'header',
    { class: 'bar' },
    element('h1', {}, 'Verify evidence'),
    element('p', { class: 'note' }, 'Works without a network. The file stays on this computer.'),
  ),
  element('main', {}, inputs.root, band.root, breaks.root, facts.root, records.root),
);

/** From now on this file is looked at. */
function look(chosen: EvidenceFile): void {
  file = chosen;
  inputs.root.classList.remove('empty');
  start(0, 0);
}

/** Ends what is running and takes back what was said. */
function stop(): void {
  running?.abort();
  running = null;
  band.showWaiting();
  for (const part of [facts, breaks, records]) part.clear();
}

/**
 * Verifies the file from its beginning, whatever is to be shown of it.
 *
 * @param keepFrom place of the first record that is kept to be read
 * @param showFrom place of the one to show first
 */
function start(keepFrom: number, showFrom: number): void {
  stop();
  if (file === null) return;
  const control = new AbortController();
  const startedAt = performance.now();
  const subject = file;
  running = control;
  band.showProgress(subject, { checked: 0, total: 0, breakCount: 0 }, 0);
  const onProgress = (progress: { checked: number; total: number; breakCount: number }): void => {
    if (running === control) band.showProgress(subject, progress, performance.now() - startedAt);
  };
  verifyFile(subject, { reader, keepFrom, onProgress, signal: control.signal }).then(
    (verdict) => {
      if (running === control) show(subject, verdict, showFrom, performance.now() - startedAt);
    },
    (error: unknown) => {
      if (running !== control) return;
      running = null;
      band.showFailure(subject, error instanceof Error ? error.message : String(error));
    },
  );
}

function show(subject: EvidenceFile, verdict: Verdict, showFrom: number, tookMs: number): void {
  running = null;
  band.showVerdict(subject, verdict, tookMs);
  facts.show(verdict);
  breaks.show(verdict.outcome);
  records.show(verdict.records, showFrom);
}

// The desktop app opens this page for one file; anywhere else nothing is offered.
takeOfferedFile().then(
  (offered) => {
    if (offered !== null && file === null) look(offered);
  },
  (error: unknown) => band.showStopped(error instanceof Error ? error.message : String(error)),
);

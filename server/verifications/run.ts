import { setImmediate } from 'node:timers/promises';
import type { BreakList } from '#server/ledger/break.ts';
import type { ArchivedLedger } from '#server/ports/ledger-archive.ts';
import type { ResumeState } from './resume-state.ts';
import type {
  VerificationContext,
  VerificationPhase,
  VerificationRequest,
  VerifyArchiveDeps,
} from './verification.ts';

/** Least time between two reports. */
const REPORT_MS = 250;

/** One verification under way: what is found, and how far it is. */
export class Run {
  readonly deps: VerifyArchiveDeps;
  readonly request: VerificationRequest;
  readonly ledger: ArchivedLedger;
  /** Of the head that is verified. */
  readonly size: number;
  /** base64; empty where the head has none. */
  readonly root: string;
  readonly breaks: BreakList;
  readonly notChecked = new Set<string>();
  /** Cosignatures of witnesses that are not among the expected ones. */
  unknownCosignatures = 0;
  phase: VerificationPhase = 'RECORDS';
  /** Records looked at, and compared with the search copy. */
  checked = 0;
  indexChecked = 0;
  private readonly context: VerificationContext;
  /** Records to look at. */
  readonly total: number;
  private phaseStart = performance.now();
  private phaseFrom = 0;
  private reportedAt = Number.NEGATIVE_INFINITY;
  private readonly rates: Record<VerificationPhase, number> = { RECORDS: 0, INDEX: 0 };

  constructor(
    deps: VerifyArchiveDeps,
    request: VerificationRequest,
    context: VerificationContext,
    ledger: ArchivedLedger,
    pinned: { readonly size: number; readonly root: string; readonly breaks: BreakList },
  ) {
    this.deps = deps;
    this.request = request;
    this.context = context;
    this.ledger = ledger;
    this.size = pinned.size;
    this.root = pinned.root;
    this.breaks = pinned.breaks;
    this.total = Math.max(0, (request.to ?? pinned.size) - (request.from ?? 0));
  }

  /** Takes over what an earlier run found. */
  restore(state: ResumeState): void {
    this.phase = state.phase;
    this.checked = state.checked;
    this.indexChecked = state.indexChecked;
    this.breaks.restore(state.breaks, state.breakCount);
    for (const sentence of state.notChecked) this.notChecked.add(sentence);
    this.unknownCosignatures = state.unknownCosignatures;
    this.phaseFrom = this.done;
  }

  enter(phase: VerificationPhase): void {
    this.rates[this.phase] = this.rate;
    this.phase = phase;
    this.phaseStart = performance.now();
    this.phaseFrom = this.done;
  }

  rateOf(phase: VerificationPhase): number {
    return phase === this.phase ? this.rate : this.rates[phase];
  }

  /** Lets others have their turn, so that a call to stop is heard. Rejects once it was. */
  async pause(): Promise<void> {
    await setImmediate();
    this.context.signal.throwIfAborted();
  }

  /** Size of the ledger by now. Errors: STORAGE_UNAVAILABLE. */
  readonly sizeNow = async (): Promise<number> => {
    const ledger = await this.deps.archive.ledger(this.ledger.id);
    const size: unknown = ledger?.head?.size;
    return typeof size === 'number' && Number.isSafeInteger(size) ? Math.max(0, size) : 0;
  };

  /**
   * Reports how far it is, not too often. `state` is called only then: from what it gives another process can
   * go on.
   */
  report(state: () => Pick<ResumeState, 'walk' | 'next'>): void {
    const now = performance.now();
    if (now - this.reportedAt < REPORT_MS) return;
    this.reportedAt = now;
    const { phase, total, request } = this;
    const [breaks, breakCount] = [[...this.breaks.kept], this.breaks.count];
    const resume: ResumeState = {
      version: 1,
      ledger: request.ledger,
      from: request.from,
      to: request.to,
      size: this.size,
      root: this.root,
      phase,
      checked: this.checked,
      breaks,
      breakCount,
      ...state(),
      indexChecked: this.indexChecked,
      notChecked: [...this.notChecked],
      unknownCosignatures: this.unknownCosignatures,
    };
    this.context.report({ checked: this.done, total, rate: this.rate, phase, breaks, breakCount, resume });
  }

  private get done(): number {
    return this.phase === 'RECORDS' ? this.checked : this.indexChecked;
  }

  private get rate(): number {
    const seconds = (performance.now() - this.phaseStart) / 1_000;
    return seconds > 0 ? Math.round((this.done - this.phaseFrom) / seconds) : 0;
  }
}

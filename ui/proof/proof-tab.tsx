import {
  Circle,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleMinus,
  LoaderCircle,
  type LucideIcon,
  RotateCcw,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import type { RecordToProve } from './check-record.ts';
import { CheckpointAlarm } from './checkpoint-alarm.tsx';
import { messages } from './messages.ts';
import { ProofFile } from './proof-file.tsx';
import {
  brokenSteps,
  PROOF_STEPS,
  type ProofStep,
  type ProofSteps,
  type ProofVerdict,
  proofVerdict,
  type ProofStepName,
  uncheckedSteps,
} from './proof-step.ts';
import { ProofTree } from './proof-tree.tsx';
import { forgetLedger } from './use-checkpoint-watch.ts';
import { useProof } from './use-proof.ts';
import type { Salts } from './use-salts.ts';
import './proof-tab.css';

export interface ProofTabProps {
  readonly ledger: string;
  /** The record as it is shown: exactly that is checked. */
  readonly record: RecordToProve;
  readonly salts: Salts;
}

/** A record's proof, computed in this browser: the word for all of it, the path drawn, every step. */
export function ProofTab({ ledger, record, salts }: ProofTabProps) {
  const { steps, report, checkpoint, path, restart } = useProof(ledger, record, salts);
  const verdict = proofVerdict(steps);
  return (
    <div className="proof-tab">
      {report?.alarm && (
        <CheckpointAlarm
          ledger={ledger}
          alarm={report.alarm}
          remembered={report.remembered}
          onForget={() => {
            forgetLedger(ledger);
            restart();
          }}
        />
      )}
      <Verdict verdict={verdict} steps={steps} onRestart={restart} />
      {path !== null && checkpoint !== null && (
        <ProofTree
          record={record}
          size={checkpoint.size}
          hashes={path.hashes}
          state={steps.PATH.state}
          isVerified={verdict === 'VERIFIED'}
        />
      )}
      <ol className="proof-tab-steps" aria-label={messages.steps}>
        {PROOF_STEPS.map((name) => (
          <Step key={name} name={name} step={steps[name]}>
            {name === 'CONTENT' && <SaltOffer step={steps.CONTENT} salts={salts} />}
          </Step>
        ))}
      </ol>
      {report !== null && <Key vkey={report.ledger.vkey} />}
      <ProofFile ledger={ledger} index={record.index} vkey={report?.ledger.vkey ?? null} />
    </div>
  );
}

const STATE_ICONS: Readonly<Record<ProofStep['state'], LucideIcon>> = {
  CHECKING: LoaderCircle,
  WAITING: LoaderCircle,
  HOLDS: CircleCheck,
  BROKEN: CircleAlert,
  UNCHECKED: CircleDashed,
  NONE: CircleMinus,
};

const VERDICT_ICONS: Readonly<Record<ProofVerdict, LucideIcon>> = {
  VERIFIED: CircleCheck,
  CHECKING: LoaderCircle,
  WAITING: LoaderCircle,
  BROKEN: CircleAlert,
  CONTENT_UNCHECKED: Circle,
  CONTENT_GONE: Circle,
  PARTLY: Circle,
  UNPROVEN: CircleDashed,
};

interface VerdictProps {
  readonly verdict: ProofVerdict;
  readonly steps: ProofSteps;
  readonly onRestart: () => void;
}

function Verdict({ verdict, steps, onRestart }: VerdictProps) {
  const Icon = VERDICT_ICONS[verdict];
  const [broken, unchecked] = [brokenSteps(steps), uncheckedSteps(steps)];
  return (
    <div className="proof-tab-verdict" data-verdict={verdict.toLowerCase()}>
      <Icon aria-hidden size={20} />
      <div role="status">
        <p className="proof-tab-word">{messages.verdict(verdict)}</p>
        <p>{messages.verdictSentence(verdict)}</p>
        {broken.length > 0 && <p>{messages.brokenSteps(titlesOf(broken))}</p>}
        {unchecked.length > 0 && <p>{messages.uncheckedSteps(titlesOf(unchecked))}</p>}
      </div>
      <Button className="button" onPress={onRestart}>
        <RotateCcw aria-hidden size={14} />
        {messages.checkAgain}
      </Button>
    </div>
  );
}

function titlesOf(names: readonly ProofStepName[]): string {
  return names.map((name) => messages.stepTitle(name)).join(', ');
}

interface StepProps {
  readonly name: ProofStepName;
  readonly step: ProofStep;
  readonly children: ReactNode;
}

function Step({ name, step, children }: StepProps) {
  const Icon = STATE_ICONS[step.state];
  return (
    <li className="proof-tab-step" data-step={name.toLowerCase()} data-state={step.state.toLowerCase()}>
      <Icon aria-hidden size={16} />
      <div>
        <p className="proof-tab-head">
          <span className="proof-tab-title">{messages.stepTitle(name)}</span>
          <span className="proof-tab-state">{messages.stepState(step.state)}</span>
        </p>
        <p className="muted">{messages.stepMeaning(name)}</p>
        <p className="proof-tab-found">
          <ShownText text={step.found} />
        </p>
        {children}
      </div>
    </li>
  );
}

function SaltOffer({ step, salts }: { readonly step: ProofStep; readonly salts: Salts }) {
  if (step.state !== 'UNCHECKED' || salts.byName !== null) return null;
  if (!salts.mayReveal) return <p className="muted">{messages.contentNeedsScope}</p>;
  return (
    <div className="proof-tab-offer">
      <Button className="button" onPress={salts.reveal}>
        {messages.checkContent}
      </Button>
      <span className="muted">{messages.saltsRecorded}</span>
    </div>
  );
}

function Key({ vkey }: { readonly vkey: string }) {
  return (
    <section className="proof-tab-key" aria-label={messages.key}>
      <h3>{messages.key}</h3>
      <p className="proof-tab-vkey">
        <code>
          <ShownText text={vkey} />
        </code>
        <CopyButton text={vkey} what={messages.theKey} />
      </p>
      <p className="muted">{messages.keyMeaning}</p>
    </section>
  );
}

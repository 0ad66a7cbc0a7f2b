import { ShieldAlert } from 'lucide-react';
import { Button } from 'react-aria-components';
import { ConfirmButton } from '#ui/parts/confirm-button.tsx';
import { copyText } from '#ui/parts/copy-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { type Alarm, type Remembered, saidBy } from './checkpoint-memory.ts';
import { messages } from './messages.ts';
import './checkpoint-alarm.css';

export interface CheckpointAlarmProps {
  readonly ledger: string;
  readonly alarm: Alarm;
  /** `null` where nothing readable is remembered. */
  readonly remembered: Remembered | null;
  /** Forgets the ledger: the person confirmed it. */
  readonly onForget: () => void;
}

/** A ledger contradicts what was seen of it: in red, until a person ends it, with both sides as evidence. */
export function CheckpointAlarm({ ledger, alarm, remembered, onForget }: CheckpointAlarmProps) {
  const shown = saidBy(alarm.note);
  return (
    <section className="checkpoint-alarm" role="alert" data-ledger={ledger}>
      <ShieldAlert aria-hidden size={20} />
      <div className="checkpoint-alarm-text">
        <h2>{messages.alarmTitle}</h2>
        <p>
          {messages.alarm(alarm.kind)} {messages.alarmFound(alarm.atMs)}
        </p>
        {remembered !== null && (
          <p>{sideText(messages.rememberedSide, remembered.checkpoint.size, remembered.checkpoint.root)}</p>
        )}
        {shown !== null && <p>{sideText(messages.shownSide, shown.size, shown.root)}</p>}
        <p>{messages.alarmAdvice}</p>
        <div className="checkpoint-alarm-acts">
          <Button className="button" onPress={() => void copyText(evidenceText(alarm, remembered))}>
            {messages.copyEvidence}
          </Button>
          <ConfirmButton
            label={messages.forget}
            confirmLabel={messages.forgetNow}
            question={messages.forgetTitle}
            consequence={messages.forgetSentence}
            cancelLabel={messages.cancel}
            onConfirm={onForget}
          />
        </div>
      </div>
    </section>
  );
}

function sideText(message: (size: string, root: string) => string, size: number, root: string) {
  return <ShownText text={message(messages.recordsOf(size), root)} />;
}

/** Both notes with their keys, as they were signed. */
function evidenceText(alarm: Alarm, remembered: Remembered | null): string {
  const sides = [remembered, alarm].flatMap((side) =>
    side === null ? [] : [`${side.vkey}\n\n${side.note}`],
  );
  return sides.join('\n');
}

import { ShieldAlert } from 'lucide-react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
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
          <ForgetButton onForget={onForget} />
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

function ForgetButton({ onForget }: Pick<CheckpointAlarmProps, 'onForget'>) {
  return (
    <DialogTrigger>
      <Button className="button danger">{messages.forget}</Button>
      <ModalOverlay className="checkpoint-alarm-overlay" isDismissable>
        <Modal className="checkpoint-alarm-modal">
          <Dialog role="alertdialog">
            {({ close }) => (
              <>
                <Heading slot="title">{messages.forgetTitle}</Heading>
                <p>{messages.forgetSentence}</p>
                <div className="checkpoint-alarm-acts">
                  <Button className="button" autoFocus onPress={close}>
                    {messages.cancel}
                  </Button>
                  <Button
                    className="button danger"
                    onPress={() => {
                      close();
                      onForget();
                    }}
                  >
                    {messages.forgetNow}
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

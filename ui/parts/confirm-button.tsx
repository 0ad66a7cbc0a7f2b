import { useState } from 'react';
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import './confirm-button.css';

export interface ConfirmButtonProps {
  readonly label: string;
  /** What the button in the dialog says; the same as the label unless given. */
  readonly confirmLabel?: string;
  /** What the dialog asks, e.g. `Revoke this token?`. */
  readonly question: string;
  /** What it means: that it cannot be undone, above all. */
  readonly consequence: string;
  readonly cancelLabel: string;
  readonly isDisabled?: boolean;
  readonly onConfirm: () => void;
}

/** A button for what cannot be undone: it asks first, and the way back has the focus. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const { label, confirmLabel = label, question, consequence, cancelLabel, onConfirm } = props;
  const { isDisabled = false } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button className="button danger" isDisabled={isDisabled} onPress={() => setOpen(true)}>
        {label}
      </Button>
      <ModalOverlay className="confirm-button-cover" isOpen={isOpen} onOpenChange={setOpen} isDismissable>
        <Modal className="confirm-button-modal">
          <Dialog role="alertdialog" className="confirm-button-dialog">
            {({ close }) => (
              <>
                <Heading slot="title">{question}</Heading>
                <p>{consequence}</p>
                <div className="confirm-button-acts">
                  <Button className="button" autoFocus onPress={close}>
                    {cancelLabel}
                  </Button>
                  <Button
                    className="button danger"
                    onPress={() => {
                      close();
                      onConfirm();
                    }}
                  >
                    {confirmLabel}
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}

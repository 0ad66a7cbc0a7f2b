import { useState } from 'react';
import {
  Button,
  Disclosure,
  DisclosurePanel,
  FieldError,
  Form,
  Input,
  Label,
  TextField,
} from 'react-aria-components';
import { countText } from '#ui/parts/number-text.ts';
import { messages } from './messages.ts';
import { readRange } from './read-range.ts';
import './start-verification.css';

export interface StartVerificationProps {
  readonly size: number;
  readonly isStarting: boolean;
  /** `to` is exclusive, as the API has it; both are left out for the whole ledger. */
  readonly onStart: (range?: { readonly from: number; readonly to: number }) => void;
}

/** Starts a verification of the whole ledger, or of some of its records. */
export function StartVerification({ size, isStarting, onStart }: StartVerificationProps) {
  return (
    <div className="start-verification">
      <Button className="button primary" isDisabled={isStarting} onPress={() => onStart()}>
        {messages.verifyWhole}
      </Button>
      {size > 0 && (
        <Disclosure className="start-verification-range">
          <Button slot="trigger" className="button plain">
            {messages.verifyRange}
          </Button>
          <DisclosurePanel>
            <RangeForm size={size} isStarting={isStarting} onStart={onStart} />
          </DisclosurePanel>
        </Disclosure>
      )}
    </div>
  );
}

function RangeForm({ size, isStarting, onStart }: StartVerificationProps) {
  const [first, setFirst] = useState('0');
  const [last, setLast] = useState(String(size - 1));
  const [isWrong, setWrong] = useState(false);
  const start = (): void => {
    const range = readRange(first, last, size);
    setWrong(range === null);
    if (range !== null) onStart(range);
  };
  return (
    <Form
      className="start-verification-form"
      // What was wrong must not keep the next attempt from being looked at.
      validationBehavior="aria"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <TextField className="field" value={first} onChange={setFirst} inputMode="numeric" isInvalid={isWrong}>
        <Label>{messages.fromIndex}</Label>
        <Input className="input" />
      </TextField>
      <TextField className="field" value={last} onChange={setLast} inputMode="numeric" isInvalid={isWrong}>
        <Label>{messages.toIndex}</Label>
        <Input className="input" />
        <FieldError className="start-verification-error">
          {messages.rangeWrong(countText(size - 1))}
        </FieldError>
      </TextField>
      <Button type="submit" className="button" isDisabled={isStarting}>
        {messages.start}
      </Button>
    </Form>
  );
}

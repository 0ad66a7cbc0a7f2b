import { Check, Clock } from 'lucide-react';
import { type SyntheticEvent, useState } from 'react';
import {
  Button,
  Dialog,
  DialogTrigger,
  FieldError,
  Input,
  Label,
  Popover,
  TextField,
  Toolbar,
} from 'react-aria-components';
import { setPreferences } from '#ui/app/preferences.ts';
import { type Zone, zoneText } from '#ui/parts/time-text.ts';
import { messages } from './messages.ts';
import { readTimeEntry, timeEntryText } from './time-entry.ts';
import { isSameTime, TIME_PRESETS, timeRangeText } from './time-presets.ts';
import type { TimeRange } from './view.ts';
import './time-range-picker.css';

export interface TimeRangePickerProps {
  readonly time: TimeRange;
  readonly zone: Zone;
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly onTime: (time: TimeRange) => void;
}

/** When the records happened: a range by name or from and to, in the zone that the page shows. */
export function TimeRangePicker({ time, zone, isOpen, onOpen, onTime }: TimeRangePickerProps) {
  const text = timeRangeText(time, zone);
  const choose = (chosen: TimeRange): void => {
    onOpen(false);
    if (!isSameTime(chosen, time) || chosen.kind === 'LAST') onTime(chosen);
  };
  return (
    <div className="time-range-picker">
      <DialogTrigger isOpen={isOpen} onOpenChange={onOpen}>
        <Button className="button time-range-picker-button" aria-label={messages.timeOf(text)}>
          <Clock aria-hidden size={14} />
          <span className="time-range-picker-text">{text}</span>
        </Button>
        <Popover className="popover" placement="bottom end">
          <Dialog aria-label={messages.time} className="time-range-picker-dialog">
            <Presets time={time} onTime={choose} />
            <Between key={zone} time={time} zone={zone} onTime={choose} />
          </Dialog>
        </Popover>
      </DialogTrigger>
      <Button
        className="button plain time-range-picker-zone"
        aria-label={messages.switchZone(zoneText(zone))}
        onPress={() => setPreferences({ zone: zone === 'UTC' ? 'LOCAL' : 'UTC' })}
      >
        {zoneText(zone)}
      </Button>
    </div>
  );
}

interface ChoiceProps {
  readonly time: TimeRange;
  readonly onTime: (time: TimeRange) => void;
}

function Presets({ time, onTime }: ChoiceProps) {
  return (
    <Toolbar orientation="vertical" aria-label={messages.presets} className="time-range-picker-presets">
      {TIME_PRESETS.map((preset) => {
        const isChosen = isSameTime(preset.time, time);
        return (
          <Button
            key={preset.title}
            className="time-range-picker-preset"
            autoFocus={isChosen}
            aria-current={isChosen}
            onPress={() => onTime(preset.time)}
          >
            {preset.title}
            {isChosen && <Check aria-hidden size={14} />}
          </Button>
        );
      })}
    </Toolbar>
  );
}

interface Refused {
  readonly from: string | null;
  readonly to: string | null;
}

function Between({ time, zone, onTime }: ChoiceProps & { readonly zone: Zone }) {
  const given = time.kind === 'BETWEEN' ? time : null;
  const [from, setFrom] = useState(given === null ? '' : timeEntryText(given.from, zone));
  const [to, setTo] = useState(given === null ? '' : timeEntryText(given.to, zone));
  const [refused, setRefused] = useState<Refused>({ from: null, to: null });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const [first, last] = [readTimeEntry(from, zone, 'FROM'), readTimeEntry(to, zone, 'TO')];
    if (first === null || last === null) {
      setRefused({
        from: first === null ? messages.timeMistake : null,
        to: last === null ? messages.timeMistake : null,
      });
    } else if (first >= last) setRefused({ from: null, to: messages.orderMistake });
    else onTime({ kind: 'BETWEEN', from: first, to: last });
  };
  return (
    <form className="time-range-picker-between" onSubmit={submit} noValidate>
      <p className="time-range-picker-title">{messages.between}</p>
      <TimeField
        label={messages.from}
        example={messages.fromExample}
        text={from}
        mistake={refused.from}
        onText={setFrom}
      />
      <TimeField
        label={messages.to}
        example={messages.toExample}
        text={to}
        mistake={refused.to}
        onText={setTo}
      />
      <p className="muted">{messages.timeHint(zoneText(zone))}</p>
      <Button type="submit" className="button primary">
        {messages.apply}
      </Button>
    </form>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly example: string;
  readonly text: string;
  readonly mistake: string | null;
  readonly onText: (text: string) => void;
}

function TimeField({ label, example, text, mistake, onText }: TimeFieldProps) {
  return (
    <TextField
      className="field"
      value={text}
      onChange={onText}
      isInvalid={mistake !== null}
      validationBehavior="aria"
      autoComplete="off"
    >
      <Label>{label}</Label>
      <Input className="input mono" placeholder={example} spellCheck={false} />
      <FieldError className="time-range-picker-mistake">{mistake}</FieldError>
    </TextField>
  );
}

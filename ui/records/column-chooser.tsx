import { ArrowDown, ArrowUp, Columns3 } from 'lucide-react';
import { memo } from 'react';
import { Button, CheckboxButton, CheckboxField, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { messages } from './messages.ts';
import type { Columns } from './use-columns.ts';
import './column-chooser.css';

/** Which columns are shown, and in which order. */
export const ColumnChooser = memo(function ColumnChooser({ columns }: { readonly columns: Columns }) {
  const { all, shown, toggle, move, reset } = columns;
  return (
    <DialogTrigger>
      <Button className="button plain">
        <Columns3 aria-hidden size={14} />
        <span className="column-chooser-word">{messages.columns}</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="column-chooser" aria-label={messages.columnsShown}>
          <ul>
            {all.map(({ column: { id, title }, isShown }, at) => (
              <li key={id} className="column-chooser-item">
                <CheckboxField
                  className="column-chooser-field"
                  isSelected={isShown}
                  isDisabled={isShown && shown.length === 1}
                  onChange={() => toggle(id)}
                >
                  <CheckboxButton className="column-chooser-check">
                    <span aria-hidden className="column-chooser-box" />
                    {title}
                  </CheckboxButton>
                </CheckboxField>
                {isShown && (
                  <>
                    <PlainButton
                      label={messages.moveUp(title)}
                      isDisabled={at === 0}
                      onPress={() => move(id, -1)}
                    >
                      <ArrowUp aria-hidden size={14} />
                    </PlainButton>
                    <PlainButton
                      label={messages.moveDown(title)}
                      isDisabled={at === shown.length - 1}
                      onPress={() => move(id, 1)}
                    >
                      <ArrowDown aria-hidden size={14} />
                    </PlainButton>
                  </>
                )}
              </li>
            ))}
          </ul>
          <Button className="button" onPress={reset}>
            {messages.resetColumns}
          </Button>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
});

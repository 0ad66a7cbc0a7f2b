import type { ReactNode } from 'react';
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components';

export interface PlainButtonProps {
  /** Its name where the content is an icon; also shown on hover and focus. */
  readonly label: string;
  readonly onPress: () => void;
  readonly isDisabled?: boolean;
  readonly children: ReactNode;
}

/** A button with an icon and no frame, its name in a tooltip. */
export function PlainButton({ label, onPress, isDisabled = false, children }: PlainButtonProps) {
  return (
    <TooltipTrigger delay={500}>
      <Button className="button plain" aria-label={label} onPress={onPress} isDisabled={isDisabled}>
        {children}
      </Button>
      <Tooltip className="tooltip">{label}</Tooltip>
    </TooltipTrigger>
  );
}

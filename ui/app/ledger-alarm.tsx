import { CheckpointAlarm } from '#ui/proof/checkpoint-alarm.tsx';
import { useCheckpointWatch } from '#ui/proof/use-checkpoint-watch.ts';

/** Says on every screen of a ledger that it contradicts what this browser verified of it before. */
export function LedgerAlarm({ ledger }: { readonly ledger: string }) {
  const { alarm, report, forget } = useCheckpointWatch(ledger);
  if (alarm === null) return null;
  return (
    <CheckpointAlarm
      ledger={ledger}
      alarm={alarm}
      remembered={report?.remembered ?? null}
      onForget={forget}
    />
  );
}

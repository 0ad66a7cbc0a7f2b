import { describe } from 'vitest';
import type { OpenStorage } from '#test/support/storage-under-test.ts';
import { describeIntake } from './intake.ts';
import { describeJobQueue } from './job-queue.ts';
import { describeLedgerStore } from './ledger-store.ts';
import { describeQuarantine, type StorageTraits } from './quarantine.ts';
import { describeTokenStore } from './token-store.ts';

/** The contract of every storage port, for one implementation. */
export function describeStorage(
  name: string,
  open: OpenStorage,
  traits: StorageTraits = { quarantinedIds: 'FREE' },
): void {
  describe(`on ${name}`, () => {
    describeIntake(open);
    describeJobQueue(open);
    describeLedgerStore(open);
    describeQuarantine(open, traits);
    describeTokenStore(open);
  });
}

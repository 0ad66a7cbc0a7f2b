import type { ContentRecord } from '#server/ports/record-source.ts';
import { contentRecord, FIRST_RECORDED_AT } from '#test/index/support/content-record.ts';

const login = {
  timestamp: '2026-01-31T10:15:30.123456789Z',
  action: 'user.login',
  actor: { id: 'alice', type: 'USER', name: 'Alice Example' },
  context: { ipAddress: '10.1.2.3', sessionId: 's-1', source: 'web' },
  details: { reason: 'A read timeout, again', verified: true },
  version: '2.1',
  sequence: 7,
  status: 'FAILURE',
};

const grant = {
  timestamp: '2026-01-15T00:00:00Z',
  action: 'user.grant',
  actor: { id: 'Bob', name: 'Bob Timeout' },
  target: { id: 'order 66', type: 'order' },
  context: { ipAddress: '2001:db8::1' },
  changes: { before: { role: 'viewer' }, after: { role: 'admin' }, fields: ['role', 'email'] },
  details: { amount: 1250, day: '2026-01-15', items: [{ price: 10 }, { price: 20 }] },
  description: 'After a read timeout: refund for alice@example.com',
};

const read = {
  timestamp: '2025-06-01T12:00:00Z',
  action: 'data.read',
  actor: { id: 'carol' },
  target: { id: 'a*b' },
  context: { ipAddress: '192.168.0.1' },
  details: { amount: -50, risk: { score: 0.5 }, 'odd name': { x: 1 } },
  status: 'ATTEMPT',
};

const pay = {
  timestamp: '2026-01-01T05:00:00Z',
  action: 'invoice.pay',
  actor: { id: 'alice' },
  target: { id: 'aXb..c' },
  context: { ipAddress: '10.200.0.1' },
  changes: { fields: ['role'] },
  details: { amount: 1000.5, risk: { score: '0.5' }, file: '../etc/passwd' },
  description: 'The exact phrase and a word',
  status: 'FAILURE',
};

const old = {
  timestamp: '2024-02-29T23:59:59.999Z',
  action: 'USER.LOGIN',
  actor: { id: 'dave', type: 'service' },
  details: { amount: '1250', note: 'refund, no timeout' },
};

const DAY_MS = 86_400_000;

/** What the page about searching is tried on: records 0 to 4, each recorded a day after the one before. */
export const SAMPLE_RECORDS: readonly ContentRecord[] = [login, grant, read, pay, old].map((event, index) =>
  contentRecord(index, event, { recordedAt: FIRST_RECORDED_AT + index * DAY_MS }),
);

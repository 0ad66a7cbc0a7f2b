import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#server/ledger/canonical.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { sha256 } from '#server/sha256.ts';
import { testDefaults, typicalEvent, valid } from '#test/support/sample-events.ts';

const digestOf = (event: unknown, nowMs?: number) => valid(event, testDefaults(nowMs)).digest;

const at = (timestamp: string) => digestOf({ id: 'e', action: 'a', timestamp });

describe('the digest of an event', () => {
  it('is SHA-256 of the canonical JSON of the event as sent, constant defaults filled in', () => {
    const event = {
      ...typicalEvent(),
      sequence: 7,
      hash: 'h',
      keyId: 'k',
      signature: 's',
      description: 'é"',
    };
    // The same event in plain words: the naive way, which the hot path must agree with.
    const naive = { ...event, status: 'success', version: '1.0' } as JsonValue;
    expect(digestOf(event)).toBe(sha256(Buffer.from(canonicalJson(naive))));
    const small = { action: 'a', status: 'success', version: '1.0', classification: 'INTERNAL' };
    expect(digestOf({ action: 'a' })).toBe(sha256(Buffer.from(canonicalJson(small))));
  });

  it('is the same for a retry without a timestamp, at whatever time it comes', () => {
    const event = { id: 'e', action: 'a', details: { n: 1 } };
    expect(digestOf(event, 1_000)).toBe(digestOf(event, 2_000_000_000_000));
  });

  it('is the same whether constant defaults are sent or left out', () => {
    const bare = { id: 'e', action: 'a' };
    const full = { ...bare, status: 'SUCCESS', version: '1.0', classification: 'INTERNAL' };
    expect(digestOf(full)).toBe(digestOf(bare));
  });

  it('is the same whether a member is null, absent or an empty section', () => {
    const bare = digestOf({ id: 'e', action: 'a' });
    expect(digestOf({ id: 'e', action: 'a', actor: null, details: null, target: { id: null } })).toBe(bare);
    expect(digestOf({ id: 'e', action: 'a', target: {}, context: {}, changes: {}, details: {} })).toBe(bare);
  });

  it('is the same in whatever order members were sent', () => {
    const event = typicalEvent();
    expect(digestOf(Object.fromEntries(Object.entries(event).reverse()))).toBe(digestOf(event));
  });

  it('differs where the default actor is left to the token and where it is sent', () => {
    const actor = { id: 't-1', type: 'token', name: 'Billing' };
    expect(digestOf({ id: 'e', action: 'a', actor })).not.toBe(digestOf({ id: 'e', action: 'a' }));
  });

  it('differs where the same instant is written in another way', () => {
    expect(at('2026-01-02T03:04:05Z')).not.toBe(at('2026-01-02T03:04:05.000Z'));
    expect(at('2026-01-02T03:04:05.000Z')).not.toBe(at('2026-01-02T04:04:05.000+01:00'));
  });

  it('differs for any difference in content', () => {
    const base = typicalEvent();
    const changes: Record<string, unknown> = {
      id: 'e-2',
      timestamp: '2026-01-02T03:04:05.679Z',
      action: 'invoice.payment.updated',
      status: 'FAILURE',
      actor: { ...base.actor, name: 'Alice' },
      target: { ...base.target, id: 'invoice-2026-000418' },
      context: { ...base.context, source: 'billing-api ' },
      changes: { ...base.changes, fields: ['state', 'amount'] },
      details: { ...base.details, attempts: 2 },
      classification: 'PHI',
      retention: 'standard',
      description: '',
      version: '1.1',
      sequence: 0,
      hash: 'h',
      hashAlgorithm: 'h',
      signature: 'h',
      signatureAlgorithm: 'h',
      keyId: 'h',
    };
    const digests = Object.entries(changes).map(([name, value]) => digestOf({ ...base, [name]: value }));
    expect(new Set([digestOf(base), ...digests]).size).toBe(digests.length + 1);
  });
});

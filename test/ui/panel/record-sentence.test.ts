import { describe, expect, it } from 'vitest';
import type { Party } from '#ui/records/panel-content.ts';
import { recordSentence } from '#ui/records/record-sentence.ts';

interface Told {
  readonly action: string | null;
  readonly status?: string;
  readonly actor?: Partial<Party> | null;
  readonly target?: Partial<Party> | null;
  readonly erased?: readonly string[];
}

const NONE: Party = { id: null, type: null, name: null };

function told({ action, status = 'success', actor = { id: 'alice' }, target = null, erased = [] }: Told) {
  const party = (given: Partial<Party> | null) => (given === null ? null : { ...NONE, ...given });
  return recordSentence({ action, status, actor: party(actor), target: party(target), erased });
}

function text(facts: Told): string {
  return told(facts)
    .map((part) => part.text)
    .join('');
}

describe('the sentence about a record', () => {
  it.each(['denied', 'Failure', 'constructor', ''])(
    'never says that something was done where the status is %j',
    (status) => {
      const facts = { action: 'permission.grant', status, target: { id: 'channel_456' } };
      expect(text(facts)).toBe(`alice · permission.grant · channel_456 · ${status}`);
    },
  );

  it.each([
    ['permission.grant', { id: 'channel_456' }, 'alice granted permission on channel_456'],
    ['patient.read', { type: 'patient', id: 'P-1' }, 'alice read patient P-1'],
    ['invoice.payment.update', { type: 'invoice', id: '9' }, 'alice updated payment on invoice 9'],
    ['feature_flag.update', null, 'alice updated feature flag'],
    ['user.login', null, 'alice logged in'],
    ['user.login', { id: 'alice' }, 'alice logged in'],
    ['user.logout', { id: 'identity' }, 'alice logged out of identity'],
    // CloudTrail
    ['CreateAccessKey', { type: 'user', id: 'bob' }, 'alice created access key on bob'],
    ['ConsoleLogin', null, 'alice logged in'],
    ['s3.amazonaws.com:GetObject', { id: 'bucket' }, 'alice got object on bucket'],
    ['AssumeRole', { id: 'admin' }, 'alice · AssumeRole · admin'],
    // Google Cloud
    ['storage.objects.get', { id: 'b/1' }, 'alice got storage objects on b/1'],
    ['google.iam.admin.v1.CreateServiceAccountKey', null, 'alice created service account key'],
    // Kubernetes
    ['io.k8s.core.v1.pods.create', { type: 'pods', id: 'web' }, 'alice created pods web'],
    ['create pods', { id: 'web' }, 'alice created pods on web'],
    // GitHub
    ['pull_request.closed', { id: '#7' }, 'alice closed pull request on #7'],
    ['push', { id: 'main' }, 'alice pushed main'],
    // Okta and the like
    ['user.session.start', null, 'alice started user session'],
    ['user_signed_in', null, 'alice signed in'],
  ])('reads %s', (action, target, sentence) => {
    expect(text({ action, target })).toBe(sentence);
  });

  it('says what failed and what was only tried', () => {
    expect(text({ action: 'user.login', status: 'failure' })).toBe('alice failed to log in');
    expect(text({ action: 'data.export', status: 'attempt' })).toBe('alice tried to export data');
  });

  it('puts the plain facts side by side where it knows no verb', () => {
    expect(text({ action: 'zürich/frobnicate', status: 'failure', target: { id: 'x' } })).toBe(
      'alice · zürich/frobnicate · x · Failure',
    );
  });

  it('prefers names to ids, and says who is not there', () => {
    expect(text({ action: 'data.read', actor: { id: 'u-1', name: 'Alice Example' } })).toBe(
      'Alice Example read data',
    );
    expect(text({ action: 'data.read', actor: null })).toBe('Someone who is not named read data');
    expect(text({ action: 'data.read', actor: null, erased: ['actor'] })).toBe(
      'Someone whose name was erased read data',
    );
    expect(text({ action: null, erased: ['event'] })).toBe('What happened was erased');
    expect(text({ action: null })).toBe('What happened cannot be read');
  });

  it('marks what comes out of the record as a value, also where it looks like a sentence', () => {
    const parts = told({ action: 'data.read', actor: { name: 'Eve deleted' }, target: { id: '<b>x</b>' } });
    expect(parts.filter(({ isValue }) => isValue).map((part) => part.text)).toEqual([
      'Eve deleted',
      '<b>x</b>',
    ]);
  });

  it('does not take an endless action apart', () => {
    expect(text({ action: 'a.'.repeat(5_000) })).toContain('alice · a.a.');
  });
});

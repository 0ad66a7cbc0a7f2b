import type { JsonObject } from '#server/ledger/json.ts';
import type { Act } from './demo-event.ts';
import type { Random } from './random.ts';

/** Acts that change something, with the state before and after. */

export function configChange(random: Random): Act {
  const [target, before, after] = random.pick(CONFIG_CHANGES)(random);
  return {
    action: 'config.update',
    target: { id: target, type: 'configuration' },
    changes: { before, after, fields: changedFields(before, after) },
    details: { ticket: `CHG-${random.whole(3_000, 3_999)}` },
    classification: 'INTERNAL',
    source: 'control-plane',
  };
}

export function featureFlagChange(random: Random): Act {
  const percent = random.pick([0, 5, 10, 25, 50]);
  const before = { enabled: percent > 0, percent };
  const after = { enabled: true, percent: random.pick([60, 75, 100]) };
  return {
    action: 'feature_flag.update',
    target: {
      id: random.pick(['new-triage-form', 'fast-checkout', 'dark-mode', 'e-prescription-v2']),
      type: 'feature-flag',
    },
    changes: { before, after, fields: changedFields(before, after) },
    classification: 'INTERNAL',
    source: 'control-plane',
  };
}

export function permissionChange(random: Random): Act {
  const roles = random.pick([
    ['ward-reader'],
    ['ward-reader', 'prescriber'],
    ['billing-reader'],
    ['on-call'],
  ]);
  const granted = random.pick(['ward-writer', 'report-reader', 'researcher', 'shift-lead']);
  const isGrant = random.chance(0.7);
  const more = [...roles, granted];
  const [before, after] = isGrant ? [{ roles }, { roles: more }] : [{ roles: more }, { roles }];
  return {
    action: isGrant ? 'permission.grant' : 'permission.revoke',
    target: { id: `group-${random.whole(1, 30)}`, type: 'group' },
    changes: { before, after, fields: ['roles'] },
    details: { role: granted, approvedBy: `mgr-${random.whole(1, 9)}` },
    classification: 'INTERNAL',
    source: 'identity',
  };
}

export function recordCorrection(
  random: Random,
  target: { readonly id: string; readonly type: string },
): Act {
  const [name, from, to] = random.pick([
    [
      'phone',
      `+41 44 555 ${random.whole(10, 99)} ${random.whole(10, 99)}`,
      `+41 79 555 ${random.whole(10, 99)} 00`,
    ],
    ['allergies', 'none known', random.pick(['penicillin', 'latex', 'peanuts'])],
    ['insurance', 'basic', 'semi-private'],
  ] as const);
  return {
    action: 'patient.update',
    target,
    changes: { before: { [name]: from }, after: { [name]: to }, fields: [name] },
    classification: 'PHI',
    retention: 'clinical-10y',
    source: 'ehr',
  };
}

type ConfigChange = (random: Random) => readonly [target: string, before: JsonObject, after: JsonObject];

const CONFIG_CHANGES: readonly ConfigChange[] = [
  (random) => [
    'firewall/edge',
    { allow: ['10.20.0.0/16'] },
    { allow: ['10.20.0.0/16', `192.0.2.${random.whole(1, 254)}/32`] },
  ],
  (random) => [
    'backup/schedule',
    { hour: 2, retainDays: 35 },
    { hour: random.whole(1, 4), retainDays: random.pick([35, 60, 90]) },
  ],
  (random) => [
    'session/policy',
    { idleMinutes: random.pick([15, 30]), mfa: true },
    { idleMinutes: random.pick([5, 10, 20]), mfa: true },
  ],
  (random) => ['imaging-store/replicas', { replicas: 2 }, { replicas: random.whole(3, 6) }],
  (random) => [
    'patient-portal/limits',
    { perMinute: 120, burst: 20 },
    { perMinute: random.pick([60, 180, 240]), burst: 20 },
  ],
];

function changedFields(before: JsonObject, after: JsonObject): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

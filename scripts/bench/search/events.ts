import type { SectionName } from '#server/ledger/section.ts';

/**
 * What the benchmarks of searching look through: records of a hospital over ninety days, about 1 KB of
 * content each, told apart by a number. Some things are frequent and some rare, as in life; the same number
 * always gives the same record.
 */
export interface SearchEvent {
  readonly action: string;
  readonly status: string;
  readonly actor: string;
  readonly target: string;
  readonly session: string;
  readonly ip: string;
  readonly occurredMs: number;
  readonly description: string;
  readonly elapsedMs: number;
  /** Each section's value, members in canonical order. */
  readonly sections: Readonly<Record<SectionName, unknown>>;
}

/** Records are spread over this time from here on, whatever their number. */
export const FIRST_MS = Date.UTC(2026, 0, 5, 6);
export const SPREAD_MS = 90 * 24 * 3600 * 1000;

/** Actions with their share in a thousand. The first is the common one. */
export const ACTIONS: readonly (readonly [action: string, share: number])[] = [
  ['patient.record.read', 300],
  ['document.view', 180],
  ['auth.login', 120],
  ['patient.record.update', 90],
  ['report.export', 70],
  ['auth.logout', 70],
  ['order.create', 60],
  ['medication.prescribe', 40],
  ['patient.search', 35],
  ['auth.mfa.challenge', 20],
  ['user.role.grant', 10],
  ['break-glass.access', 5],
];
export const STATUSES = ['success', 'failure', 'attempt'] as const;
const ACTORS = 2000;
const TARGETS = 50_000;
const ADDRESSES = 5000;
const SESSION_EVENTS = 80;

/** Words of a description, by the place of each in it: subject, verb, object, place, reason. */
export const DESCRIPTION_WORDS: readonly (readonly string[])[] = [
  ['Nurse', 'Physician', 'Registrar', 'Pharmacist', 'Auditor', 'Surgeon', 'Clerk', 'Assistant', 'Technician'],
  ['opened', 'changed', 'exported', 'printed', 'signed', 'reviewed', 'requested', 'corrected', 'archived'],
  [
    'record',
    'prescription',
    'laboratory report',
    'discharge letter',
    'consent form',
    'invoice',
    'X-ray image',
  ],
  [
    'cardiology',
    'oncology',
    'emergency room',
    'intensive care',
    'radiology',
    'pediatrics',
    'outpatient clinic',
  ],
  [
    'for treatment',
    'on request of the patient',
    'after a referral',
    'during the night shift',
    'for billing',
    'because of an emergency',
    'for quality assurance',
    'before surgery',
  ],
];

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0',
  'ehr-mobile/7.3.1 (iPad; iOS 18.1)',
  'batch-export/2.0',
];
const SOURCES = ['ehr-frontend', 'ehr-mobile', 'hl7-gateway', 'report-service', 'identity-provider'];
const WARDS = [
  'cardiology',
  'oncology',
  'emergency',
  'icu',
  'radiology',
  'pediatrics',
  'outpatient',
  'surgery',
];
const TARGET_TYPES = ['Patient', 'Document', 'Order', 'User'];
const ROLES = ['Practitioner', 'Nurse', 'Clerk', 'Service'];
const GIVEN = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Niklaus',
  'Tony',
  'Jürgen',
  'Zoë',
  'Łukasz',
  'Søren',
];
const FAMILY = ['Example', 'Sample', 'Muster', 'Dupont', 'Rossi', 'Ćwik', 'Ångström', "O'Neil", 'Svensson'];

/**
 * The record of a number.
 *
 * @param of how many there are altogether: they are spread evenly over the ninety days
 */
export function searchEvent(n: number, of: number): SearchEvent {
  const action = pickAction(mix(n, 1) % 1000);
  const actorNo = RANKS[mix(n, 2) % RANKS.length] ?? 0;
  const targetNo = mix(n, 3) % TARGETS;
  const sessionNo = Math.floor(n / (SESSION_EVENTS * 200)) * 200 + (actorNo % 200);
  const share = mix(n, 4) % 100;
  const status = share < 4 ? 'failure' : share < 5 ? 'attempt' : 'success';
  const occurredMs = recordedMs(n, of) - delay(n);
  const description = describe(n);
  const elapsedMs = Math.floor(1_000_000 / (1 + (mix(n, 6) % 9973))) / 4;
  const event = {
    action,
    classification: mix(n, 7) % 10 < 7 ? 'PHI' : 'INTERNAL',
    description,
    id: `01980000-${hex(mix(n, 8)).slice(0, 4)}-7000-8000-${n.toString(16).padStart(12, '0')}`,
    occurredAt: new Date(occurredMs).toISOString(),
    retention: 'standard',
    status,
    version: '1.0',
  };
  const actor = actorOf(actorNo);
  const type = TARGET_TYPES[targetNo % TARGET_TYPES.length] ?? '';
  const target = { id: `${type.toLowerCase()}-${targetNo}`, name: nameOf(targetNo * 7), type };
  const context = contextOf(n, actorNo, sessionNo);
  const sections = {
    event,
    actor,
    target,
    context,
    changes: changesOf(n),
    details: detailsOf(n, elapsedMs),
  };
  const { sessionId: session, ipAddress: ip } = context;
  return {
    action,
    status,
    actor: actor.id,
    target: target.id,
    session,
    ip,
    occurredMs,
    description,
    elapsedMs,
    sections,
  };
}

/** When it was recorded; it happened before that. */
export function recordedMs(n: number, of: number): number {
  return FIRST_MS + Math.floor((n / of) * SPREAD_MS);
}

function contextOf(n: number, actorNo: number, sessionNo: number) {
  return {
    correlationId: `corr-${hex(mix(Math.floor(n / 3), 9))}`,
    ipAddress: addressOf((actorNo * 31 + (mix(sessionNo, 10) % 7)) % ADDRESSES),
    requestId: `req-${hex(mix(n, 11))}${hex(n)}`,
    sessionId: `session-${hex(mix(sessionNo, 12))}`,
    source: SOURCES[mix(sessionNo, 13) % SOURCES.length] ?? '',
    userAgent: AGENTS[mix(sessionNo, 14) % AGENTS.length] ?? '',
  };
}

function changesOf(n: number): unknown {
  const version = mix(n, 15) % 40;
  return {
    after: { status: 'final', version: version + 1 },
    before: { status: 'draft', version },
    fields: ['status', 'version'],
  };
}

function detailsOf(n: number, elapsedMs: number): unknown {
  return {
    attempt: mix(n, 16) % 5,
    device: { managed: mix(n, 17) % 4 !== 0, os: { name: 'linux', release: `6.${mix(n, 18) % 12}` } },
    elapsedMs,
    purposeOfUse: mix(n, 19) % 10 < 8 ? 'TREAT' : 'HPAYMT',
    tags: ['ehr', WARDS[mix(n, 20) % 3] ?? '', mix(n, 21) % 50 === 0 ? 'vip' : 'usual'],
    ticket: mix(n, 22) % 20 === 0 ? `OPS-${mix(n, 23) % 20_000}` : null,
    ward: WARDS[mix(n, 24) % WARDS.length] ?? '',
  };
}

/** Some events arrive late: one in a hundred by up to two hours, most by less than two seconds. */
function delay(n: number): number {
  return mix(n, 5) % 100 === 0 ? mix(n, 25) % 7_200_000 : mix(n, 26) % 2000;
}

function describe(n: number): string {
  const [who, did, what, where, why] = DESCRIPTION_WORDS.map(
    (words, place) => words[mix(n, 30 + place) % words.length] ?? '',
  );
  return `${who} ${did} ${what} ${mix(n, 36) % 10_000} in ${where} ${why}`;
}

function actorOf(actorNo: number): { id: string; name: string; type: string } {
  const type = ROLES[actorNo % ROLES.length] ?? '';
  return { id: `${type.toLowerCase()}-${actorNo}`, name: nameOf(actorNo), type };
}

function nameOf(no: number): string {
  return `${GIVEN[no % GIVEN.length] ?? ''} ${FAMILY[Math.floor(no / 11) % FAMILY.length] ?? ''}`;
}

/** One in five is of IPv6. */
function addressOf(no: number): string {
  if (no % 5 === 0) return `2001:db8:${(no % 16).toString(16)}::${(mix(no, 27) % 65_536).toString(16)}`;
  return `10.${no % 20}.${(no >> 4) % 250}.${1 + (mix(no, 28) % 254)}`;
}

function pickAction(permille: number): string {
  let rest = permille;
  for (const [action, share] of ACTIONS) {
    if (rest < share) return action;
    rest -= share;
  }
  return ACTIONS[0]?.[0] ?? '';
}

/** Actors by Zipf's law: the first is the busiest one, with one record in eight. */
const RANKS = ((): Uint16Array => {
  const weights = Array.from({ length: ACTORS }, (_, i) => 1 / (i + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const ranks = new Uint16Array(65_536);
  let [at, sum] = [0, 0];
  for (const [rank, weight] of weights.entries()) {
    sum += weight;
    const end = Math.round((sum / total) * ranks.length);
    ranks.fill(rank, at, end);
    at = end;
  }
  return ranks;
})();

const hex = (value: number): string => value.toString(16).padStart(8, '0');

/** A number that looks random, from two: the finish of MurmurHash3. */
export function mix(n: number, salt: number): number {
  let mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

import type { Random } from './random.ts';

export type Role =
  | 'physician'
  | 'nurse'
  | 'reception'
  | 'billing'
  | 'laboratory'
  | 'researcher'
  | 'developer'
  | 'operator';

/** When someone usually begins to work, in hours of local time. `NIGHT` goes over midnight. */
export type Shift = 'DAY' | 'EARLY' | 'LATE' | 'NIGHT';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Week after week another one, in turn. */
  readonly shifts: readonly Shift[];
  /** How much they do, compared with others: some people are busy. */
  readonly weight: number;
  readonly ipAddress: string;
  readonly userAgent: string;
}

/** Something that acts on its own. */
export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly ipAddress: string;
}

const NAMES = `
  Amara Osei, Beat Zürcher, Camille Dubois, Dmytro Shevchenko, Elif Yıldız, Fatou Ndiaye, Giulia Conti,
  Hana Kobayashi, Ibrahim Haddad, Jonas Meier, Katarzyna Wójcik, Luís Almeida, Mai Nguyễn, Noah Weber,
  Oluwaseun Adeyemi, Priya Raman, Quentin Moreau, Rahel Tesfaye, Sofia Papadopoulou, Tomáš Novák, Ulrike
  Brandt, Valentina Rossi, Wei Zhang, Ximena Torres, Yusuf Demir, Zoë van Dijk, Arjun Mehta, Birgit
  Lindqvist, Chen Li, Deborah Klein, Emil Sørensen, Freya Jónsdóttir, Goran Petrović, Helena Svoboda, Ines
  Ferreira, Jamal Carter, Kim Min-jun, Laila Rahimi, Marco Bernasconi, Nadia Kowalska, Oskar Lehmann,
  Paula Schmid
`
  .trim()
  .split(/,\s+/)
  .map((name) => name.replace(/\s+/g, ' '));

const ROLES: readonly Role[] = [
  ...(['physician', 'nurse', 'nurse', 'reception', 'physician', 'nurse', 'laboratory'] as const),
  ...(['billing', 'nurse', 'developer', 'physician', 'operator', 'researcher', 'nurse'] as const),
];

const SHIFTS: Readonly<Record<Role, readonly Shift[]>> = {
  physician: ['DAY', 'DAY', 'LATE', 'NIGHT'],
  nurse: ['EARLY', 'EARLY', 'LATE', 'LATE', 'NIGHT'],
  reception: ['EARLY', 'DAY'],
  billing: ['DAY'],
  laboratory: ['EARLY', 'DAY', 'LATE'],
  researcher: ['DAY'],
  developer: ['DAY', 'LATE'],
  operator: ['EARLY', 'DAY', 'LATE'],
};

const TECHNICAL: ReadonlySet<Role> = new Set(['developer', 'operator']);

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
];

/** The people of the demo: always the same names, their habits drawn from the seed. */
export function makePeople(random: Random): readonly Person[] {
  return NAMES.map((name, at) => {
    const role = ROLES[at % ROLES.length]!;
    return {
      id: loginName(name),
      name,
      role,
      shifts: turned(SHIFTS[role], at),
      weight: 0.5 + random.next() + (random.chance(0.1) ? 1.5 : 0),
      ipAddress: `10.20.${TECHNICAL.has(role) ? 40 : random.whole(4, 9)}.${random.whole(10, 240)}`,
      userAgent: random.pick(USER_AGENTS),
    };
  });
}

/** The shift that someone works in the week of a day. */
export function shiftOn(person: Person, dayMs: number): Shift {
  const week = Math.floor(dayMs / WEEK_MS);
  return person.shifts[week % person.shifts.length] ?? 'DAY';
}

const WEEK_MS = 7 * 86_400_000;

function turned<T>(items: readonly T[], by: number): readonly T[] {
  return [...items.slice(by % items.length), ...items.slice(0, by % items.length)];
}

export const MACHINES = {
  deploy: { id: 'svc-deploy', name: 'Deployment pipeline', ipAddress: '10.20.60.11' },
  backup: { id: 'svc-backup', name: 'Nightly backup', ipAddress: '10.20.60.12' },
  labGateway: { id: 'svc-lab-gateway', name: 'Laboratory gateway', ipAddress: '10.20.60.21' },
  billingSync: { id: 'svc-billing-sync', name: 'Billing synchronisation', ipAddress: '10.20.60.22' },
} as const satisfies Record<string, Machine>;

function loginName(name: string): string {
  const [first = '', ...rest] = name.normalize('NFD').toLowerCase().split(' ');
  const last = rest.join('');
  return `${first}.${last}`
    .replace(/ø/g, 'o')
    .replace(/ı/g, 'i')
    .replace(/[^a-z.]/g, '');
}

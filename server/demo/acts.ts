import type { Act } from './demo-event.ts';
import { configChange, featureFlagChange, permissionChange, recordCorrection } from './changes.ts';
import type { Person, Role } from './people.ts';
import type { Random } from './random.ts';

/** One thing that people of a role do, how often, and how it comes out. */
interface Habit {
  readonly weight: number;
  readonly act: (random: Random, person: Person) => Act;
}

/** Draws what a person does next. */
export function drawAct(random: Random, person: Person): Act {
  return random.weighted(HABITS[person.role]).act(random, person);
}

const PATIENTS = 1_800;
const WARDS = ['cardiology', 'emergency', 'maternity', 'oncology', 'paediatrics', 'surgery'] as const;
const SERVICES = ['identity', 'patient-portal', 'billing-api', 'imaging-store', 'notification-hub'] as const;

const readPatient: Habit['act'] = (random) => {
  const refused = random.chance(0.012);
  return {
    action: 'patient.read',
    status: refused ? 'FAILURE' : 'SUCCESS',
    target: patient(random),
    details: {
      ward: random.pick(WARDS),
      section: random.pick(['summary', 'medication', 'vitals', 'notes', 'imaging']),
      ...(refused ? { reason: 'not in the treating team' } : {}),
    },
    classification: 'PHI',
    retention: 'clinical-10y',
    source: 'ehr',
  };
};

const searchPatients: Habit['act'] = (random) => ({
  action: 'patient.search',
  target: { type: 'patient-index' },
  details: { terms: random.whole(1, 3), results: random.whole(0, 40) },
  classification: 'PHI',
  retention: 'clinical-10y',
  source: 'ehr',
});

const prescribe: Habit['act'] = (random) => {
  const drug = random.pick([
    'amoxicillin',
    'metoprolol',
    'ibuprofen',
    'insulin glargine',
    'apixaban',
    'salbutamol',
  ]);
  return {
    action: 'prescription.create',
    target: { id: `rx-${random.whole(100_000, 999_999)}`, type: 'prescription' },
    details: { patient: patient(random).id, drug, days: random.pick([3, 5, 7, 10, 30, 90]) },
    classification: 'PHI',
    retention: 'clinical-10y',
    source: 'ehr',
  };
};

const administer: Habit['act'] = (random) => ({
  action: 'medication.administer',
  target: patient(random),
  details: {
    ward: random.pick(WARDS),
    dose: random.pick(['5 mg', '10 mg', '500 mg', '1 g']),
    scanned: random.chance(0.96),
  },
  classification: 'PHI',
  retention: 'clinical-10y',
  source: 'ehr',
});

const correctRecord: Habit['act'] = (random) => recordCorrection(random, patient(random));

const bookAppointment: Habit['act'] = (random) => ({
  action: random.chance(0.85) ? 'appointment.create' : 'appointment.cancel',
  target: { id: `appt-${random.whole(10_000, 99_999)}`, type: 'appointment' },
  details: { patient: patient(random).id, clinic: random.pick(WARDS) },
  classification: 'CONFIDENTIAL',
  source: 'scheduling',
});

const issueInvoice: Habit['act'] = (random) => ({
  action: 'invoice.issue',
  target: { id: `inv-${random.whole(200_000, 299_999)}`, type: 'invoice' },
  details: { patient: patient(random).id, amount: random.whole(4_000, 480_000) / 100, currency: 'CHF' },
  classification: 'CONFIDENTIAL',
  retention: 'finance-10y',
  source: 'billing-api',
});

const reportResult: Habit['act'] = (random) => ({
  action: 'laboratory.result.release',
  target: { id: `lab-${random.whole(500_000, 599_999)}`, type: 'laboratory-result' },
  details: {
    patient: patient(random).id,
    panel: random.pick(['CBC', 'BMP', 'HbA1c', 'troponin', 'TSH', 'CRP']),
  },
  classification: 'PHI',
  retention: 'clinical-10y',
  source: 'laboratory',
});

const queryCohort: Habit['act'] = (random) => ({
  action: 'cohort.query',
  target: { id: `cohort-${random.whole(1, 24)}`, type: 'cohort' },
  details: {
    patients: random.whole(12, 900),
    pseudonymised: true,
    protocol: `REB-2026-${random.whole(100, 140)}`,
  },
  classification: 'CONFIDENTIAL',
  source: 'research-warehouse',
});

const exportCohort: Habit['act'] = (random) => ({
  action: 'data.export',
  target: { id: `cohort-${random.whole(1, 24)}`, type: 'cohort' },
  details: { rows: random.whole(200, 2_500), format: random.pick(['csv', 'parquet']), pseudonymised: true },
  classification: 'CONFIDENTIAL',
  source: 'research-warehouse',
});

const mergeChange: Habit['act'] = (random) => {
  const service = random.pick(SERVICES);
  return {
    action: 'repository.merge',
    target: { id: service, type: 'repository' },
    details: {
      commit: random.hex(40),
      pullRequest: random.whole(900, 2_400),
      filesChanged: random.whole(1, 31),
    },
    classification: 'INTERNAL',
    source: 'git',
  };
};

const deploy: Habit['act'] = (random) => {
  const failed = random.chance(0.06);
  return {
    action: 'service.deploy',
    status: failed ? 'FAILURE' : 'SUCCESS',
    target: { id: random.pick(SERVICES), type: 'service' },
    details: {
      version: `2026.${random.whole(40, 47)}.${random.whole(0, 19)}`,
      environment: random.pick(['staging', 'production']),
    },
    ...(failed ? { description: 'Health check failed; the previous version was kept.' } : {}),
    classification: 'INTERNAL',
    source: 'deployments',
  };
};

const readSecret: Habit['act'] = (random) => ({
  action: 'secret.read',
  target: { id: `${random.pick(SERVICES)}/database`, type: 'secret' },
  classification: 'CONFIDENTIAL',
  source: 'vault',
});

const HABITS: Readonly<Record<Role, readonly Habit[]>> = {
  physician: [
    { weight: 12, act: readPatient },
    { weight: 3, act: searchPatients },
    { weight: 3, act: prescribe },
    { weight: 1, act: correctRecord },
  ],
  nurse: [
    { weight: 10, act: readPatient },
    { weight: 7, act: administer },
    { weight: 2, act: searchPatients },
    { weight: 1, act: correctRecord },
  ],
  reception: [
    { weight: 6, act: bookAppointment },
    { weight: 4, act: searchPatients },
    { weight: 1, act: correctRecord },
  ],
  billing: [
    { weight: 8, act: issueInvoice },
    { weight: 2, act: searchPatients },
  ],
  laboratory: [
    { weight: 8, act: reportResult },
    { weight: 2, act: readPatient },
  ],
  researcher: [
    { weight: 12, act: queryCohort },
    { weight: 1, act: exportCohort },
  ],
  developer: [
    { weight: 8, act: mergeChange },
    { weight: 4, act: deploy },
    { weight: 2, act: featureFlagChange },
    { weight: 1, act: readSecret },
  ],
  operator: [
    { weight: 5, act: configChange },
    { weight: 3, act: permissionChange },
    { weight: 3, act: deploy },
    { weight: 2, act: readSecret },
  ],
};

function patient(random: Random): { readonly id: string; readonly type: string } {
  // Few patients are seen often: the square makes low numbers likelier.
  return { id: `pat-${10_000 + Math.floor(random.next() ** 2 * PATIENTS)}`, type: 'patient' };
}

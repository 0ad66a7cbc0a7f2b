/** Events for the benchmarks: about 850 bytes of JSON each, of one kind, told apart by a number. */
export function benchEvent(n: number): Record<string, unknown> {
  return {
    action: 'patient.record.read',
    status: 'SUCCESS',
    timestamp: new Date(1_767_323_045_678 + n).toISOString(),
    actor: { id: `practitioner-${n % 997}`, type: 'Practitioner', name: 'Dr. Ada Example' },
    target: { id: `patient-${n % 49_999}`, type: 'Patient', name: 'Jane Roe' },
    context: {
      correlationId: `corr-${n}`,
      requestId: `req-${n}`,
      sessionId: `session-${n % 5003}`,
      ipAddress: `10.${n % 250}.${(n >> 3) % 250}.17`,
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
      source: 'ehr-frontend',
    },
    changes: {
      before: { status: 'draft', version: n },
      after: { status: 'final', version: n + 1 },
      fields: ['status'],
    },
    details: {
      purposeOfUse: 'TREAT',
      ward: 'cardiology',
      attempt: n % 5,
      tags: ['ehr', 'read'],
      elapsedMs: 17.25,
    },
    description: 'Record opened from the ward list',
    classification: 'PHI',
    retention: 'standard',
  };
}

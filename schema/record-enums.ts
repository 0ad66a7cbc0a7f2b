import { builder } from './builder.ts';

/** How an action ended. */
export const EventStatus = builder.enumType('EventStatus', {
  description: 'How the action ended.',
  values: {
    ATTEMPT: { description: 'It was tried; the end is not known.' },
    SUCCESS: { description: 'It was done.' },
    FAILURE: { description: 'It failed or was refused.' },
  },
});

/** How sensitive an event's data is. */
export const DataClassification = builder.enumType('DataClassification', {
  description: 'How sensitive the data is that the event is about.',
  values: {
    PUBLIC: { description: 'Anyone may know it.' },
    INTERNAL: { description: 'For the organization.' },
    CONFIDENTIAL: { description: 'For few in the organization.' },
    PHI: { description: 'Protected health information.' },
  },
});

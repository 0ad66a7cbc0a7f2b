import { defineMessages } from '#ui/app/messages.ts';
import { countText } from '#ui/parts/number-text.ts';

export const messages = defineMessages({
  group: 'Filters',
  title: 'Filters',
  help: 'Up and down move in a group; right and left between showing only a value and leaving it out.',
  show: 'Show the filters',
  hide: 'Hide the filters',
  loading: 'Counting…',
  none: 'No record has a value here.',
  more: 'Show more',
  fewer: 'Show fewer',
  mostOf: (count: number) => `The ${countText(count)} most frequent are shown.`,
  recordsOf: (count: number) => (count === 1 ? 'record' : 'records'),
  only: (term: string) => `Show only ${term}`,
  without: (term: string) => `Leave out ${term}`,
  isOnly: (term: string) => `${term} is a filter already`,
  isWithout: (term: string) => `${term} is left out already`,
  notYet: (index: number) =>
    `Records after ${countText(index)} are not counted here yet: they are still being indexed.`,
  action: 'Action',
  status: 'Status',
  actorId: 'Actor',
  actorType: 'Type of actor',
  targetType: 'Type of target',
  targetId: 'Target',
  classification: 'Classification',
  ipAddress: 'IP address',
  source: 'Source',
});

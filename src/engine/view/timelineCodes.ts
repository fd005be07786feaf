/** The events of the strip as small numbers: their rows in TIMELINE_EVENTS. */
import { TIMELINE_EVENTS, type TimelineEventKind } from './timeline.js';

export const TIMELINE_CODES = Object.fromEntries(
  TIMELINE_EVENTS.map(({ kind }, code) => [kind, code]),
) as Readonly<Record<TimelineEventKind, number>>;

export const NO_EVENT = -1;

/** Which event of the strip a mark of the tape is (engine/machine/events.ts, scenario/vm/events.ts). */
const OF_MARKS: Readonly<Record<string, TimelineEventKind>> = {
  'allocation-failed': 'failure',
  'out-of-memory': 'failure',
  'direct-reclaim': 'reclaim',
  'direct-compact': 'reclaim',
  migrate: 'migrate',
  'bad-page': 'fault',
  bug: 'fault',
  warn: 'fault',
  'api-misuse': 'fault',
  'address-misuse': 'fault',
  'stale-tlb': 'fault',
};

export function codeOfMark(kind: string): number {
  const event = OF_MARKS[kind];
  return event === undefined ? NO_EVENT : TIMELINE_CODES[event];
}

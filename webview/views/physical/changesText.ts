/** What a step did to physical memory, in one line: `order 5 at 0x1960 split; 16 frames changed use`. For the eye and for screen readers. */
import { counted } from '../../../src/engine/view/counted.js';
import { countText, hexPfn } from '../../text.js';
import { CHANGED, REGROUPED, type Changes } from './changes.js';
import type { BlockEvent } from './draw/happened.js';

/** More are counted, not named. */
const MOST_EVENTS = 2;

export function changesText(changes: Changes): string {
  const { events } = changes;
  const named = events.slice(0, MOST_EVENTS).map(eventText);
  const more = events.length - named.length;
  if (more > 0) named.push(`${countText(more)} more split or merged`);
  const count = (least: number, most: number): number =>
    changes.runs.reduce(
      (sum, [, nrFrames, , , change]) => (change >= least && change <= most ? sum + nrFrames : sum),
      0,
    );
  const used = count(CHANGED, CHANGED);
  if (used > 0) named.push(`${framesText(used)} changed use`);
  const written = count(1, REGROUPED - 1);
  if (used === 0 && events.length === 0 && written > 0)
    named.push(`${framesText(written)} written`);
  return named.join('; ');
}

function eventText({ kind, order, firstPfn }: BlockEvent): string {
  if (kind === 'split') return `order ${order} at ${hexPfn(firstPfn)} split`;
  const buddy = firstPfn + (1 << (order - 1));
  return `${hexPfn(firstPfn)} and ${hexPfn(buddy)} merged to order ${order}`;
}

const framesText = (count: number): string => counted(countText(count), 'frame');

/** What the rows of the strip are, beside it: where there is room for words, and where the row has something to show. */
import type { TimelineBody } from '../../../src/engine/view/timeline.js';
import { element } from '../../dom.js';
import { ROWS } from './drawStrip.js';
import { lanesAreNamed, lanesOf } from './lanes.js';

export interface Captions {
  readonly root: HTMLElement;
  show(body: TimelineBody): void;
}

export function createCaptions(): Captions {
  const caption = (text: string, topPx: number): HTMLElement => {
    const made = element('span', {}, text);
    made.style.top = `${topPx}px`;
    return made;
  };
  const free = caption('free', ROWS.free);
  const events = caption('events', ROWS.events);
  const expects = caption('expects', ROWS.expects);
  const lanes = caption('', ROWS.lanes);
  return {
    // The tip of each place says all of it.
    root: element(
      'div',
      { class: 'captions', 'aria-hidden': 'true' },
      free,
      events,
      expects,
      lanes,
    ),
    show(body) {
      free.hidden = body.zones.length === 0;
      events.hidden = body.events.length === 0;
      expects.hidden = body.expects.length === 0;
      const all = lanesOf(body);
      lanes.hidden = lanesAreNamed(all);
      lanes.textContent = all.length === 1 ? (all[0]?.name ?? '') : 'tasks';
    },
  };
}

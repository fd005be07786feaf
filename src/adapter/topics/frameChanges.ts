/** The custom request by which the map learns what a step changed, and what differs between two times (src/engine/view/frameChanges.ts). */
import { frameDifferences } from '../../engine/view/frameDifferences.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { recordedTimes } from '../time/moments.js';
import type { Handlers } from './table.js';

export const frameChangesHandlers = (session: Session): Handlers<'mmscope/frameChanges'> => ({
  'mmscope/frameChanges'({ from, to = session.current.target.timeline.place.position }) {
    const { timeline, tape, image, context } = session.current.target;
    const range = recordedTimes(timeline);
    for (const time of [from, to])
      if (time < range.from || time > range.to)
        throw errors.badArguments(
          `'from' and 'to' must be whole numbers from ${range.from} to ${range.to}.`,
        );
    const seek = (time: number): void => void tape.seek(time);
    try {
      return { from, to, ...frameDifferences(image, context.states, from, to, seek) };
    } finally {
      timeline.goTo(timeline.place);
    }
  },
});

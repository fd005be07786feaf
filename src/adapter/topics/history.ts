/**
 * The custom requests about time (src/engine/view/history.ts): who wrote this, who writes it next, go to a time, what differs
 * between two times.
 */
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { placeOfTime, recordedTimes } from '../time/moments.js';
import { differences } from './differences.js';
import type { Handlers } from './table.js';
import { tellWrite } from './writeStory.js';

export const historyHandlers = (
  session: Session,
): Handlers<
  'mmscope/lastWrite' | 'mmscope/nextWrite' | 'mmscope/goToTime' | 'mmscope/differences'
> => ({
  'mmscope/lastWrite': (args) => tellWrite(session, args, 'last'),
  'mmscope/nextWrite': (args) => tellWrite(session, args, 'next'),

  'mmscope/goToTime'({ time }, { afterResponse }) {
    const { timeline } = session.current.target;
    const { from, to } = recordedTimes(timeline);
    if (!Number.isInteger(time) || time < from || time > to)
      throw errors.badArguments(`'time' must be a whole number from ${from} to ${to}.`);
    const place = placeOfTime(timeline, time);
    const { run } = session.moves();
    afterResponse(() => run.jump(place, 'goto'));
    return undefined;
  },

  'mmscope/differences': (args) => differences(session, args),
});

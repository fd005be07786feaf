/** Questions about the machine as it was at another time of the record. Afterwards it stands where it stood. */
import type { AtTime } from '../../engine/view/history.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { recordedTimes } from '../time/moments.js';

/** @param answer is asked while memory is as it was then; it must not keep anything that reads later */
export function atTime<T>(session: Session, { at }: AtTime, answer: () => T): T {
  if (at === undefined) return answer();
  const { timeline, tape } = session.current.target;
  const { from, to } = recordedTimes(timeline);
  if (at < from || at > to)
    throw errors.badArguments(`'at' must be a whole number from ${from} to ${to}.`);
  tape.seek(at);
  try {
    return answer();
  } finally {
    timeline.goTo(timeline.place);
  }
}

/** DAP restartFrame: back to where the call of a frame began. Time goes both ways here, so it is a seek. */
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import type { FrameView } from '../debuggee/frames.js';
import type { Place } from '../time/place.js';
import { beginningInside, beginningOf } from '../time/activations.js';
import type { Handlers } from './table.js';

export const restartFrameHandlers = (session: Session): Handlers<'restartFrame'> => ({
  restartFrame({ frameId }, { afterResponse }) {
    const place = beginningOfFrame(session, session.current.frames.get(frameId));
    const { run } = session.moves();
    afterResponse(() => run.jump(place, 'restart'));
    return undefined;
  },
});

function beginningOfFrame(session: Session, view: FrameView): Place {
  const { target, frames } = session.current;
  const { timeline, scenario } = target;
  const { place, boundaries } = timeline;
  if (view.kind === 'machine' || scenario === undefined)
    throw errors.notRunnable(target.image.dumped === undefined);
  if (view.kind === 'kernel' || view.kind === 'called') {
    const found = beginningInside(timeline.trace(place.boundary), place, view.index);
    if (found === undefined) throw errors.frameIsOld('The call of this frame is not recorded.');
    return found;
  }
  // A task that does not run now was where it is when it last ran, and will be when it runs again.
  if (boundaries.task(place.boundary) !== view.task)
    throw errors.frameIsOld(
      'Only a frame of the task that runs now can be restarted: step into that task first.',
    );
  const nrFrames = frames.of(view.task).filter((frame) => frame.view.kind === 'scenario').length;
  const found = beginningOf(timeline, scenario.program, place.boundary, nrFrames - view.index);
  if (found === undefined)
    throw errors.frameIsOld('The call of this frame is older than the history that is kept.');
  return timeline.boundaryPlace(found);
}

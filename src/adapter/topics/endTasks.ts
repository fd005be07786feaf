/**
 * DAP terminateThreads: tasks end where they stand, as a step on the tape that can be stepped back over. What they have locked
 * stays locked, as when a thread of the kernel is gone. A statement that is under way in one of them is undone first.
 */
import type { Session } from '../session.js';
import { isInside } from '../time/place.js';

export function endTasks(session: Session, tasks: readonly number[]): void {
  const live = session.moves();
  const { target } = live;
  const { timeline } = target;
  const names = (target.scenario?.tasks() ?? [])
    .filter(({ id }) => tasks.includes(id))
    .map(({ name }) => name);
  const { boundary } = timeline.place;
  if (isInside(timeline.place) && tasks.includes(timeline.boundaries.task(boundary)))
    timeline.goTo(timeline.boundaryPlace(boundary));
  if (timeline.endTasks(tasks)) session.forgetFuture();
  if (timeline.hasEnded(timeline.place.boundary)) session.scenarioEnded();
  else {
    const text = `${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} ended`;
    session.stopped({ reason: 'pause', hits: [], text });
  }
}

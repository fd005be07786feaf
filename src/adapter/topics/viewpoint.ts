/** From the frame a request names to where an expression is looked at from. */
import type { Viewpoint } from '../evaluation/evaluator.js';
import { kernelNames } from '../evaluation/kernelNames.js';
import type { Session } from '../session.js';

/** Without a frame: the innermost one of the task that runs. */
export function viewpointOf(session: Session, frameId: number | undefined): Viewpoint {
  const { target, frames } = session.current;
  if (frameId === undefined) return { task: target.currentTask(), frame: 0 };
  const view = frames.get(frameId);
  if (view.kind === 'machine') return { task: view.task, frame: 0 };
  if (view.kind === 'scenario') return { task: view.task, frame: view.index };
  const captured = target.capturedLocals()[view.index];
  const extra =
    captured === undefined
      ? []
      : kernelNames(target.image.mm, captured.functionId, captured.locals);
  return { task: view.task, frame: 0, extra };
}

/** From the frame a request names to where an expression is looked at from. */
import type { Viewpoint } from '../evaluation/evaluator.js';
import { kernelNames } from '../evaluation/kernelNames.js';
import type { StackUse } from '../../scenario/index.js';
import type { Session } from '../session.js';
import type { CapturedFunction } from '../time/statementTrace.js';

/** Without a frame: the innermost one of the task that runs. */
export function viewpointOf(session: Session, frameId: number | undefined): Viewpoint {
  const { target, frames } = session.current;
  if (frameId === undefined) return { task: target.currentTask(), frame: 0, ...below(session) };
  const view = frames.get(frameId);
  if (view.kind === 'machine') return { task: view.task, frame: 0 };
  if (view.kind === 'scenario') return { task: view.task, frame: view.index, ...below(session) };
  const captured = target.capturedLocals()[view.index];
  if (captured === undefined) return { task: view.task, frame: 0 };
  if (view.kind === 'called') {
    const inside = { statement: view.frame.statement, use: useOf(captured) };
    return { task: view.task, frame: 0, inside, ...below(session) };
  }
  const extra = kernelNames(target.image.mm, captured.functionId, captured.locals);
  return { task: view.task, frame: 0, extra, ...below(session) };
}

/** What of the stack a function is using that the kernel has called. */
export const useOf = ({ locals }: CapturedFunction): StackUse => locals as unknown as StackUse;

/** A call from the console must not write where a function that the kernel has called has its variables. */
function below(session: Session): Pick<Viewpoint, 'below'> {
  const { target, frames } = session.current;
  const innermost = frames.of(target.currentTask()).find(({ view }) => view.kind === 'called');
  if (innermost?.view.kind !== 'called') return {};
  const captured = target.capturedLocals()[innermost.view.index];
  return captured === undefined ? {} : { below: useOf(captured) };
}

/**
 * DAP continue, next, stepIn, stepOut, stepBack, reverseContinue, pause, terminateThreads. The response goes out first; an event
 * reports how the motion ended.
 */
import type { RequestContext } from '../protocol/connection.js';
import { errors } from '../protocol/errors.js';
import type { Live } from '../live.js';
import type { Session } from '../session.js';
import { isInside } from '../time/place.js';
import type { StepOptions } from '../time/runControl.js';
import type { StepKind } from '../time/steps.js';
import { endTasks } from './endTasks.js';
import { stepInto } from './stepInTargets.js';
import type { Handlers } from './table.js';

/** What the protocol says of a step. */
interface StepArguments {
  readonly threadId: number;
  readonly singleThread?: boolean;
  readonly granularity?: StepOptions['granularity'];
}

export const steppingHandlers = (
  session: Session,
): Handlers<
  | 'continue'
  | 'next'
  | 'stepIn'
  | 'stepOut'
  | 'stepBack'
  | 'reverseContinue'
  | 'pause'
  | 'terminateThreads'
> => {
  const move = (
    { afterResponse }: RequestContext,
    motion: (live: Live) => void,
    direction?: 'backward',
  ): void => {
    const live = session.moves(direction);
    afterResponse(() => motion(live));
  };
  const taskOf = (threadId: number): number => session.current.target.taskOf(threadId);
  /** That has something left to run, or stands at the scenario's end. */
  const goingTaskOf = (threadId: number): number => {
    const task = taskOf(threadId);
    const { target } = session.current;
    if (!target.liveTasks().includes(task))
      throw errors.noSuchThread(threadId, target.nameOf(task));
    return task;
  };
  /** The task of a motion that no other one is to take part in; undefined when all may run. */
  const aloneOf = ({ threadId, singleThread }: Omit<StepArguments, 'granularity'>) => {
    taskOf(threadId);
    if (singleThread !== true) return undefined;
    const task = goingTaskOf(threadId);
    const { target } = session.current;
    const { timeline } = target;
    const running = timeline.boundaries.task(timeline.place.boundary);
    if (isInside(timeline.place) && running !== task)
      throw errors.otherTaskInside(target.nameOf(running) ?? '?');
    return task;
  };
  const step = (kind: StepKind, args: StepArguments, context: RequestContext): undefined => {
    const alone = aloneOf(args) !== undefined;
    const task = goingTaskOf(args.threadId);
    const { granularity } = args;
    move(context, ({ run }) => run.step(kind, task, { granularity, alone }));
    return undefined;
  };
  return {
    continue(args, context) {
      const only = aloneOf(args);
      move(context, ({ run }) => run.continue(only));
      return { allThreadsContinued: only === undefined };
    },
    next: (args, context) => step('next', args, context),
    stepIn(args, context) {
      if (args.targetId === undefined) step('in', args, context);
      else stepInto(session, args.targetId, context);
      return undefined;
    },
    stepOut: (args, context) => step('out', args, context),
    stepBack({ threadId, granularity }, context) {
      const task = taskOf(threadId);
      move(context, ({ run }) => run.stepBack(task, granularity), 'backward');
      return undefined;
    },
    reverseContinue({ threadId }, context) {
      taskOf(threadId);
      move(context, ({ run }) => run.reverseContinue(), 'backward');
      return undefined;
    },
    pause({ threadId }) {
      taskOf(threadId);
      session.current.run.pause();
      return undefined;
    },
    terminateThreads({ threadIds = [] }, { afterResponse }) {
      const tasks = threadIds.map(taskOf);
      const { scenario, image } = session.current.target;
      if (scenario === undefined) throw errors.notRunnable(image.dumped === undefined);
      afterResponse(() => endTasks(session, tasks));
      return undefined;
    },
  };
};

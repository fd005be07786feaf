/**
 * DAP continue, next, stepIn, stepOut, stepBack, reverseContinue, pause. The response goes out first; an event reports how the
 * motion ended.
 */
import type { RequestContext } from '../protocol/connection.js';
import type { Live, Session } from '../session.js';
import type { Handlers } from './table.js';

export const steppingHandlers = (
  session: Session,
): Handlers<
  'continue' | 'next' | 'stepIn' | 'stepOut' | 'stepBack' | 'reverseContinue' | 'pause'
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
  return {
    continue(_args, context) {
      move(context, ({ run }) => run.continue());
      return { allThreadsContinued: true };
    },
    next({ threadId }, context) {
      const task = taskOf(threadId);
      move(context, ({ run }) => run.step('next', task));
      return undefined;
    },
    stepIn({ threadId }, context) {
      const task = taskOf(threadId);
      move(context, ({ run }) => run.step('in', task));
      return undefined;
    },
    stepOut({ threadId }, context) {
      const task = taskOf(threadId);
      move(context, ({ run }) => run.step('out', task));
      return undefined;
    },
    stepBack({ threadId }, context) {
      const task = taskOf(threadId);
      move(context, ({ run }) => run.stepBack(task), 'backward');
      return undefined;
    },
    reverseContinue(_args, context) {
      move(context, ({ run }) => run.reverseContinue(), 'backward');
      return undefined;
    },
    pause() {
      session.current.run.pause();
      return undefined;
    },
  };
};

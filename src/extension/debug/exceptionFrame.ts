/**
 * Makes VS Code show why an exception stopped, each time. Its widget needs the focused frame to be the very object that heads the
 * call stack. When one stop follows another within half a second, the delayed fetch of the first one's stack can replace that object
 * after it was focused (VS Code 1.139, `Thread.fetchCallStack`); then neither the widget nor the selected row of the call stack is
 * shown. Focusing the top of the stack once it is whole puts that right, and changes nothing where it was right.
 */
import { commands, Disposable } from 'vscode';
import type { Sessions } from './sessions.js';

/** After the last part of the stack has been answered. */
const SETTLED_MS = 500;
const FOCUS_TOP = 'workbench.action.debug.callStackTop';

export function registerExceptionFrame(sessions: Sessions): Disposable {
  let timer: NodeJS.Timeout | undefined;
  /** The session that stopped, until its frame has been focused or it has gone on. */
  let waiting: string | undefined;
  const focus = (): void => {
    const { current } = sessions;
    if (current?.stopped === true && current.session.id === waiting)
      void commands.executeCommand(FOCUS_TOP);
    waiting = undefined;
  };
  return Disposable.from(
    sessions.onDidSend(({ session, message: { type, event, command, body } }) => {
      if (type === 'event' && event === 'stopped')
        waiting = body?.reason === 'exception' ? session.id : undefined;
      if (type !== 'response' || command !== 'stackTrace' || waiting !== session.id) return;
      clearTimeout(timer);
      timer = setTimeout(focus, SETTLED_MS);
    }),
    new Disposable(() => clearTimeout(timer)),
  );
}
